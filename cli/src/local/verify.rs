//! Comparing what was delivered with what was put in, byte by byte.

use std::io::ErrorKind;
use std::path::Path;

use aws_sdk_s3::Client;
use common::fault::Fault;
use common::transfer::Target;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader, BufWriter};

use super::deliver::Delivery;

/// Reads the delivered object and the file side by side, and keeps the object as a file if there is a place for it and it is right.
pub(super) async fn compare(
    s3: &Client,
    delivered: &Target,
    file: &Path,
    delivery: Option<Delivery<'_>>,
) -> Result<(), String> {
    let got = s3.get_object().bucket(&delivered.bucket).key(&delivered.key).send().await;
    let mut body = got.map_err(|error| Fault::of("GetObject", &error).to_string())?.body;
    let mut file = BufReader::new(File::open(file).await.map_err(|error| unreadable(&error))?);
    let mut out = match &delivery {
        None => None,
        Some(delivery) => Some((BufWriter::new(delivery.open()?), delivery)),
    };
    let mut same = true;
    let mut buffer = Vec::new();
    while let Some(bytes) = body.try_next().await.map_err(|error| error.to_string())? {
        if let Some((out, delivery)) = &mut out {
            out.write_all(&bytes).await.map_err(|error| delivery.failed(&error))?;
        }
        if same {
            buffer.resize(bytes.len(), 0);
            same = match file.read_exact(&mut buffer).await {
                Ok(_) => buffer == bytes,
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => false,
                Err(error) => return Err(unreadable(&error)),
            };
        }
    }
    if let Some((mut out, delivery)) = out {
        out.flush().await.map_err(|error| delivery.failed(&error))?;
    }
    let ended = file.read(&mut [0]).await.map_err(|error| unreadable(&error))? == 0;
    if !same || !ended {
        return Err("the delivered bytes are not the file's".to_owned());
    }
    delivery.map_or(Ok(()), Delivery::keep)
}

fn unreadable(error: &std::io::Error) -> String {
    format!("failed to read the file again: {error}")
}
