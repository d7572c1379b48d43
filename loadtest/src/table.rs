//! Text tables: the first and the last column stand on the left, what is between on the right.

/// Lines of aligned cells below a head.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let head: Vec<String> = head.iter().map(|&cell| cell.to_owned()).collect();
    let all = || std::iter::once(&head).chain(rows);
    let cell = |row: &[String], column: usize| row.get(column).cloned().unwrap_or_default();
    let last = head.len().saturating_sub(1);
    let widths: Vec<usize> = (0..head.len())
        .map(|column| all().map(|row| cell(row, column).chars().count()).max().unwrap_or(0))
        .collect();
    let line = |row: &Vec<String>| {
        let cells = widths.iter().enumerate().map(|(column, &width)| {
            let text = cell(row, column);
            if column == 0 || column == last { format!("{text:<width$}") } else { format!("{text:>width$}") }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    all().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_on_the_right() {
        let rows =
            [vec!["pipe".to_owned(), "1".to_owned(), "ok".to_owned()], vec!["é".to_owned(), "23".to_owned()]];
        assert_eq!(table(&["row", "MB/s", "note"], &rows), "row   MB/s  note\npipe     1  ok\né       23");
    }
}
