//! Comparing what was delivered with what was put in, byte by byte.

use std::path::{Component, Path, PathBuf};

use aws_sdk_s3::Client;
use common::fault::Fault;
use common::transfer::Target;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader, BufWriter};

/// Where a key goes below a folder. A key that would leave the folder, or that no file can be named after, is refused.
pub(super) fn below(folder: &Path, key: &str) -> Result<PathBuf, String> {
    let plain = Path::new(key).components().all(|part| matches!(part, Component::Normal(_)));
    // `components` drops what a file system would: `a//b`, `a/./b`, a trailing slash.
    let verbatim =
        Path::new(key).components().map(|part| part.as_os_str().len() + 1).sum::<usize>() == key.len() + 1;
    if plain && verbatim && !key.contains('\0') {
        Ok(folder.join(key))
    } else {
        Err("its key is no file name".to_owned())
    }
}

/// Reads the delivered object and the file side by side, writing the object to `out` on the way.
pub(super) async fn compare(
    s3: &Client,
    delivered: &Target,
    file: &Path,
    out: Option<&Path>,
) -> Result<(), String> {
    let got = s3.get_object().bucket(&delivered.bucket).key(&delivered.key).send().await;
    let mut body = got.map_err(|error| Fault::of("GetObject", &error).to_string())?.body;
    let text = |error: std::io::Error| error.to_string();
    let mut file = BufReader::new(File::open(file).await.map_err(text)?);
    let mut out = match out {
        None => None,
        Some(path) => {
            if let Some(folder) = path.parent() {
                tokio::fs::create_dir_all(folder).await.map_err(text)?;
            }
            Some(BufWriter::new(File::create(path).await.map_err(text)?))
        }
    };
    let mut same = true;
    let mut buffer = Vec::new();
    while let Some(bytes) = body.try_next().await.map_err(|error| error.to_string())? {
        if let Some(out) = &mut out {
            out.write_all(&bytes).await.map_err(text)?;
        }
        if same {
            buffer.resize(bytes.len(), 0);
            same = file.read_exact(&mut buffer).await.is_ok() && buffer == bytes;
        }
    }
    if let Some(mut out) = out {
        out.flush().await.map_err(text)?;
    }
    let ended = file.read(&mut [0]).await.map_err(text)? == 0;
    if same && ended { Ok(()) } else { Err("the delivered bytes are not the file's".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_keys_that_are_file_names_are_written() {
        for good in ["a", "a/b c+%2F", "é\n"] {
            assert_eq!(below(Path::new("/out"), good), Ok(Path::new("/out").join(good)), "{good}");
        }
        for bad in ["../a", "/a", "a/../../b", "a//b", "a/./b", "a/", "a\0b", ""] {
            assert!(below(Path::new("/out"), bad).is_err(), "{bad}");
        }
    }
}
