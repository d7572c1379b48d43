//! Folders full of files.

use std::collections::BTreeMap;
use std::path::Path;

pub(crate) const MIB: usize = 1024 * 1024;

/// Bytes that repeat nowhere near a part's size, so that swapped parts show.
pub(crate) fn bytes(len: usize, seed: u8) -> Vec<u8> {
    let mut state = u32::from(seed) | 1;
    let next = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    });
    next.take(len).collect()
}

/// Relative path → content.
pub(crate) type Tree = BTreeMap<String, Vec<u8>>;

pub(crate) fn write(folder: &Path, tree: &Tree) {
    for (name, content) in tree {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
}

pub(crate) fn read(folder: &Path) -> Tree {
    let (mut tree, mut folders) = (Tree::new(), vec![folder.to_owned()]);
    while let Some(at) = folders.pop() {
        for entry in std::fs::read_dir(at).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                let name = entry.path().strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                tree.insert(name, std::fs::read(entry.path()).unwrap());
            }
        }
    }
    tree
}

/// Without printing megabytes when they are not.
#[track_caller]
pub(crate) fn assert_same(found: &Tree, expected: &Tree) {
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (name, content) in expected {
        assert!(found[name] == *content, "{name:?} has other bytes than were put in");
    }
}

/// A small tree.
pub(crate) fn few() -> Tree {
    (0..3_u8).map(|n| (format!("reports/{n}.csv"), bytes(100 + usize::from(n), n))).collect()
}
