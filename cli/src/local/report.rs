//! The table of `--once`.

use common::output::name;

use super::board::Line;

/// The state of what is no file. It is nobody's mistake.
pub(super) const SKIPPED: &str = "skipped";

/// One row: a file and one of its targets, or what has none.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) file: String,
    pub(super) size_bytes: Option<u64>,
    pub(super) state: String,
    pub(super) attempts: Option<u64>,
    pub(super) processing_time_ms: Option<u64>,
    pub(super) checksum: Option<String>,
    /// Completed, and its delivered bytes are the source's; or skipped.
    pub(super) right: bool,
}

impl Row {
    pub(super) fn of(file: &str, line: &Line, right: &Result<(), String>) -> Self {
        let state = match (right, &line.error_message) {
            (Err(why), _) => format!("{}: {why}", line.status),
            (Ok(()), Some(why)) => format!("{}: {why}", line.status),
            (Ok(()), None) => line.status.to_string(),
        };
        Self {
            file: file.to_owned(),
            size_bytes: Some(line.file_size),
            state,
            attempts: Some(line.attempts),
            processing_time_ms: line.processing_time_ms,
            checksum: line.checksum_crc64nvme.clone(),
            right: right.is_ok(),
        }
    }

    /// What the ledger knows nothing of.
    pub(super) fn left_out(file: &str, size_bytes: Option<u64>, status: &str, why: &str) -> Self {
        Self {
            file: file.to_owned(),
            size_bytes,
            state: format!("{status}: {why}"),
            attempts: None,
            processing_time_ms: None,
            checksum: None,
            right: status == SKIPPED,
        }
    }
}

/// The table as text, columns aligned.
pub(super) fn table(rows: &[Row]) -> String {
    const HEAD: [&str; 6] = ["file", "size", "state", "attempts", "ms", "CRC64NVME"];
    let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
    let mut cells: Vec<[String; 6]> = vec![HEAD.map(str::to_owned)];
    cells.extend(rows.iter().map(|row| {
        [
            short(&row.file),
            row.size_bytes.map(size).unwrap_or_default(),
            name(&row.state).into_owned(),
            number(row.attempts),
            number(row.processing_time_ms),
            row.checksum.clone().unwrap_or_default(),
        ]
    }));
    let width = |column: usize| cells.iter().map(|row| shown(&row[column])).max().unwrap_or(0).min(60);
    let widths: Vec<usize> = (0..HEAD.len()).map(width).collect();
    let line = |row: &[String; 6]| {
        let padded = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
            let blank = " ".repeat(width.saturating_sub(shown(cell)));
            // Numbers stand on the right.
            if matches!(column, 1 | 3 | 4) { format!("{blank}{cell}") } else { format!("{cell}{blank}") }
        });
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    cells.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn shown(text: &str) -> usize {
    text.chars().count()
}

/// A key as a column can show it: in one line, a long one shortened in the middle.
pub(super) fn short(key: &str) -> String {
    const SHOWN_MAX: usize = 60;
    let plain = name(key);
    let len = shown(&plain);
    if len <= SHOWN_MAX {
        return plain.into_owned();
    }
    let (head, tail) = (SHOWN_MAX / 2 - 1, SHOWN_MAX / 2);
    plain.chars().take(head).chain(['…']).chain(plain.chars().skip(len - tail)).collect()
}

/// A size for people.
pub(super) fn size(bytes: u64) -> String {
    let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
    match units.into_iter().find(|(_, shift)| bytes >> shift > 0) {
        Some((unit, shift)) => {
            let tenths = (u128::from(bytes) * 10) >> shift;
            format!("{}.{} {unit}", tenths / 10, tenths % 10)
        }
        None => format!("{bytes} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        assert_eq!(size(0), "0 B");
        assert_eq!(size(1023), "1023 B");
        assert_eq!(size(1536), "1.5 KiB");
        assert_eq!(size(u64::MAX), "17179869183.9 GiB");
    }

    #[test]
    fn keys_cannot_break_the_table() {
        assert_eq!(short("a\nb\u{202e}"), "a\\nb\\u{202e}");
        assert_eq!(short(&"é".repeat(100)).chars().count(), 60);
    }

    #[test]
    fn columns_stand_under_each_other() {
        let row = Row::left_out("a", Some(7), "unrouted", "x");
        assert_eq!(
            table(&[row]),
            "file  size  state        attempts  ms  CRC64NVME\na      7 B  unrouted: x"
        );
    }
}
