//! `--once DIR`: puts every file under DIR in, waits until each has come to its end, verifies, prints the table.

use std::collections::BTreeMap;

use aws_sdk_s3::Client;
use common::ledger::Status;
use common::output::{name, out, path};
use common::routes::Routes;
use common::service::StartError;
use common::transfer::{SourceVersion, Target};
use simcloud::ItemChange;
use tokio::sync::mpsc;

use super::board::{Board, Line};
use super::deliver::Out;
use super::display::Display;
use super::options::Options;
use super::put::{LANDING, NotPut, Put, put_all};
use super::report::{Row, SKIPPED, table};
use super::verify;
use super::walk::{Found, Local, Why};

/// What is to become of a file: one entry for each target, keyed by source key and target.
type Expected = BTreeMap<(String, String, String), String>;

pub(super) async fn run(
    found: &Found,
    routes: &Routes,
    s3: &Client,
    changes: mpsc::UnboundedReceiver<ItemChange>,
    display: &Display,
    options: &Options,
) -> Result<(), StartError> {
    let mut rows = left_out(found, display);
    let skipped = rows.iter().filter(|row| row.right).count();
    let mut targets: BTreeMap<&str, Vec<Target>> = BTreeMap::new();
    for file in &found.files {
        let routing = routes.route(&source(file), "");
        if routing.transfers.is_empty() {
            let (key, size, why) = (&*file.key, Some(file.size_bytes), routing.explain());
            display.left_out(key, size, "unrouted", &why);
            rows.push(Row::left_out(key, size, "unrouted", &why));
        }
        let wanted = routing.transfers.into_iter().map(|(_, transfer)| transfer.target);
        targets.insert(&file.key, wanted.collect());
    }
    let (put, board) = put_and_wait(found, &targets, s3, changes, display).await?;
    for file in &found.files {
        if let Some(Err(NotPut { status, why })) = put.get(&file.key) {
            // Of a file that no rule wants, there is a row already.
            if targets.get(&*file.key).is_some_and(|targets| !targets.is_empty()) {
                display.left_out(&file.key, Some(file.size_bytes), status, why);
                rows.push(Row::left_out(&file.key, Some(file.size_bytes), status, why));
            }
        }
    }
    let expected = expect(&targets, &put);
    let lines: BTreeMap<(&str, &str, &str), &Line> = board
        .lines()
        .filter(|line| is_expected(&expected, line))
        .map(|line| ((&*line.key, &*line.destination_bucket, &*line.destination_key), line))
        .collect();
    let out_folder = options.out.as_deref().map(|folder| Out::new(folder, &found.folders));
    for file in &found.files {
        for target in targets.get(&*file.key).into_iter().flatten() {
            if let Some(line) = lines.get(&(&*file.key, &*target.bucket, &*target.key)) {
                let right = right(file, line, s3, routes, out_folder.as_ref()).await;
                rows.push(Row::of(&file.key, line, &right));
            }
        }
    }
    rows.sort_by(|a, b| a.file.cmp(&b.file));
    if options.json {
        // The ledger's word is on standard output already; what speaks against it is not.
        for row in rows.iter().filter(|row| !row.right) {
            display.say(&format!("{}: {}", name(&row.file), name(&row.state)));
        }
    } else {
        out(&table(&rows));
    }
    if let Some((out, folder)) = out_folder.as_ref().zip(options.out.as_deref())
        && out.replaced() > 0
    {
        display.say(&format!("{} files that were in {} before were replaced", out.replaced(), path(folder)));
    }
    let all = rows.len() - skipped;
    match rows.iter().filter(|row| !row.right).count() {
        0 => Ok(()),
        wrong => Err(StartError::Local(format!("{wrong} of {all} files were not delivered as they are"))),
    }
}

/// Rows of what is under the folder and is not put in.
fn left_out(found: &Found, display: &Display) -> Vec<Row> {
    let rows = found.others.iter().map(|other| {
        let (status, why) = match &other.why {
            Why::Skipped(what) => (SKIPPED, *what),
            Why::Unreadable(error) => ("unreadable", &**error),
        };
        display.left_out(&other.name, None, status, why);
        Row::left_out(&other.name, None, status, why)
    });
    rows.collect()
}

/// Puts the files in, and waits for the end of every transfer that follows from that.
async fn put_and_wait(
    found: &Found,
    targets: &BTreeMap<&str, Vec<Target>>,
    s3: &Client,
    mut changes: mpsc::UnboundedReceiver<ItemChange>,
    display: &Display,
) -> Result<(Put, Board), StartError> {
    let mut putting = std::pin::pin!(put_all(&found.files, s3, display));
    let mut board = Board::of_all();
    // What the ledger says is about this very version: with `--data`, earlier versions of a key have items too.
    let mut all_put: Option<(Put, Expected)> = None;
    loop {
        tokio::select! {
            put = &mut putting, if all_put.is_none() => {
                let expected = expect(targets, &put);
                all_put = Some((put, expected));
            }
            change = changes.recv() => match change {
                Some(change) => board.apply(&change, display),
                None => return Err(StartError::Local("the embedded AWS ended".to_owned())),
            },
        }
        if all_put.as_ref().is_some_and(|(_, expected)| ended(expected, &board))
            && let Some((put, _)) = all_put
        {
            return Ok((put, board));
        }
    }
}

fn source(file: &Local) -> SourceVersion {
    SourceVersion {
        bucket: LANDING.to_owned(),
        key: file.key.clone(),
        size_bytes: file.size_bytes,
        etag: String::new(),
        version_id: None,
        sequencer: None,
    }
}

fn expect(targets: &BTreeMap<&str, Vec<Target>>, put: &Put) -> Expected {
    let put = put.iter().filter_map(|(key, put)| Some((key, put.as_ref().ok()?)));
    let each = put.flat_map(|(key, etag)| {
        let targets = targets.get(key.as_str()).into_iter().flatten();
        targets.map(move |target| ((key.clone(), target.bucket.clone(), target.key.clone()), etag.clone()))
    });
    each.collect()
}

fn is_expected(expected: &Expected, line: &Line) -> bool {
    let place = (line.key.clone(), line.destination_bucket.clone(), line.destination_key.clone());
    line.source_bucket == LANDING && expected.get(&place) == Some(&line.source_etag)
}

fn ended(expected: &Expected, board: &Board) -> bool {
    // Cheap first: most calls come while most files are still on their way.
    board.counts().0 >= expected.len()
        && board.lines().filter(|line| line.status.is_terminal() && is_expected(expected, line)).count()
            >= expected.len()
}

/// Whether the delivered bytes are the file's; with `--out` they are kept there if they are.
async fn right(
    file: &Local,
    line: &Line,
    s3: &Client,
    routes: &Routes,
    out: Option<&Out<'_>>,
) -> Result<(), String> {
    if line.status != Status::Completed {
        return Err("not delivered".to_owned());
    }
    let (bucket, key) = (&*line.destination_bucket, &*line.destination_key);
    // One folder per bucket where the rules know several.
    let folder = (routes.target_buckets().len() > 1).then_some(bucket);
    let delivery = out.map(|out| out.begin(folder, key)).transpose()?;
    let delivered = Target { bucket: bucket.to_owned(), key: key.to_owned() };
    let same = verify::compare(s3, &delivered, &file.path, delivery).await;
    same.map_err(
        |why| if file.has_changed() { format!("{why}: it has changed since it was put in") } else { why },
    )
}
