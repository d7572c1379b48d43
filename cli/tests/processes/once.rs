//! `drayage local --once`: a folder in, the same folder out.

use std::collections::BTreeMap;

use crate::support::drayage::{Ended, run};
use crate::support::files::{self, MIB, Tree, bytes};

/// A hundred names that break something somewhere, sizes around every limit, and many small files.
fn hostile() -> Tree {
    let deep = format!("{0}/{0}/{0}/{1}", "d".repeat(200), "f".repeat(197));
    assert_eq!(deep.len(), 800);
    let mut tree = Tree::from([
        ("sizes/0".to_owned(), Vec::new()),
        ("sizes/1".to_owned(), vec![7]),
        ("sizes/5MiB".to_owned(), bytes(5 * MIB, 1)),
        ("sizes/5MiB+1".to_owned(), bytes(5 * MIB + 1, 3)),
        ("sizes/20MiB".to_owned(), bytes(20 * MIB, 5)),
        (deep, bytes(800, 7)),
    ]);
    let names = [
        "a b",
        "a+b",
        "a%2Fb",
        "%",
        "a&b=c?d#e",
        "📦/🎉",
        "line\nbreak",
        "tab\t",
        "\u{ffff}",
        "..a",
        "<x>\"'",
    ];
    tree.extend(
        names.into_iter().zip(10_u8..).map(|(name, n)| (format!("names/{name}"), bytes(usize::from(n), n))),
    );
    tree.extend((0..200_u8).map(|n| (format!("small/{n:03}.csv"), bytes(1_000 + usize::from(n), n))));
    tree
}

/// State, size and checksum of each row, by what is shown of the name.
fn rows(ended: &Ended) -> BTreeMap<String, String> {
    let mut lines = ended.out.lines();
    let head = lines.next().unwrap();
    assert_eq!(
        head.split_whitespace().collect::<Vec<_>>(),
        ["file", "size", "state", "attempts", "ms", "CRC64NVME"]
    );
    let row =
        |line: &str| line.split_once("  ").map(|(name, rest)| (name.trim_end().to_owned(), rest.to_owned()));
    lines.map(|line| row(line).unwrap_or_else(|| panic!("no row: {line:?}"))).collect()
}

#[tokio::test]
async fn what_comes_out_is_what_went_in() {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("in"), folder.path().join("out"));
    let tree = hostile();
    files::write(&input, &tree);
    let (from, to) = (input.to_str().unwrap(), output.to_str().unwrap());
    let ended = run(&["local", "--port", "0", "--once", from, "--out", to]).await.succeeded();
    files::assert_same(&files::read(&output), &tree);

    let rows = rows(&ended);
    assert_eq!(rows.len(), tree.len(), "{ended:#?}");
    for (name, row) in &rows {
        let cells: Vec<&str> = row.split_whitespace().collect();
        // size, unit, state, attempts, ms, checksum
        assert_eq!(cells.len(), 6, "{name}: {row}");
        assert_eq!(cells[2], "completed", "{name}: {row}");
        assert!(cells[5].len() == 12 && cells[5].ends_with('='), "{name}: {row}");
    }
    for (name, size) in [("sizes/0", "0 B"), ("sizes/5MiB+1", "5.0 MiB"), ("sizes/20MiB", "20.0 MiB")] {
        assert!(rows[name].trim_start().starts_with(size), "{name}: {}", rows[name]);
    }
    assert!(rows.contains_key("names/line\\nbreak"), "{ended:#?}");
    assert_eq!(ended.left, [""; 0], "the temporary folder is removed");
    assert!(ended.err.contains("dispatcher drained, peak memory "), "{ended:#?}");
}

#[tokio::test]
async fn json_is_one_object_for_each_file_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let tree = files::few();
    files::write(folder.path(), &tree);
    let ended =
        run(&["local", "--port", "0", "--json", "--once", folder.path().to_str().unwrap()]).await.succeeded();
    let mut keys = Vec::new();
    for line in ended.out.lines() {
        let object: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| object[name].as_str().unwrap_or_else(|| panic!("no text {name} in {line}"));
        let number =
            |name: &str| object[name].as_u64().unwrap_or_else(|| panic!("no number {name} in {line}"));
        let key = text("key").to_owned();
        assert_eq!(text("file_id").len(), 40);
        assert_eq!((text("source_bucket"), text("destination_bucket")), ("landing", "delivered"));
        assert_eq!(text("destination_key"), key);
        assert_eq!(text("status"), "completed");
        assert_eq!(number("file_size"), tree[&key].len() as u64);
        assert!(number("attempts") >= 1);
        assert!(text("processed_by").starts_with("worker-"));
        assert_eq!(text("checksum_crc64nvme").len(), 12);
        number("processing_time_ms");
        assert_eq!(object.get("error_message"), None);
        keys.push(key);
    }
    keys.sort();
    assert_eq!(keys, tree.keys().cloned().collect::<Vec<_>>());
    assert_eq!(ended.err, "", "a program reads this");
}

#[tokio::test]
async fn links_to_files_are_followed_and_links_to_folders_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("in"), folder.path().join("out"));
    files::write(&folder.path().join("elsewhere"), &files::few());
    std::fs::create_dir(&input).unwrap();
    std::os::unix::fs::symlink("../elsewhere/reports/1.csv", input.join("link.csv")).unwrap();
    std::os::unix::fs::symlink("../elsewhere", input.join("folder")).unwrap();
    let (from, to) = (input.to_str().unwrap(), output.to_str().unwrap());
    run(&["local", "--port", "0", "--once", from, "--out", to]).await.succeeded();
    let expected = Tree::from([("link.csv".to_owned(), files::few()["reports/1.csv"].clone())]);
    files::assert_same(&files::read(&output), &expected);
}

#[tokio::test]
async fn a_second_run_on_the_same_data_delivers_again() {
    let folder = tempfile::tempdir().unwrap();
    let (input, output, data) =
        (folder.path().join("in"), folder.path().join("out"), folder.path().join("data"));
    let [input_path, output_path, data_path] = [&input, &output, &data].map(|path| path.to_str().unwrap());
    let once = ["local", "--port", "0", "--once", input_path, "--data", data_path, "--out", output_path];
    files::write(&input, &files::few());
    run(&once).await.succeeded();

    let mut changed = files::few();
    changed.insert("reports/0.csv".to_owned(), b"a newer version".to_vec());
    files::write(&input, &changed);
    run(&once).await.succeeded();
    files::assert_same(&files::read(&output), &changed);
}
