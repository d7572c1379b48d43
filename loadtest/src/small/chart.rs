//! The comparison as a bar chart of CPU time for each file: shorter is better.

use std::fmt::Write as _;

use super::report::Report;

const WIDTH: f64 = 860.0;
const MARGIN: f64 = 20.0;
const NAMES: f64 = 170.0;
const BAR_MAX: f64 = 420.0;
const ROW: f64 = 26.0;
const HEAD: f64 = 62.0;
const OURS: &str = "#0b6e4f";
const BARE: &str = "#9aa5b1";
const OTHERS: &str = "#5b7db1";

pub(super) fn svg(report: &Report) -> String {
    let height = HEAD + ROW * report.rows.len() as f64 + MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"13\" fill=\"#1f2933\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    text(&mut svg, MARGIN, 26.0, "font-weight=\"bold\"", &report.title());
    text(
        &mut svg,
        MARGIN + NAMES,
        48.0,
        "fill=\"#52606d\"",
        "CPU µs of the client for each file (shorter is better)",
    );
    let all = report.rows.iter().filter_map(|row| row.figures.as_ref());
    let most = all.map(|figures| figures.cpu_us_per_file).fold(f64::MIN_POSITIVE, f64::max);
    for (at, row) in report.rows.iter().enumerate() {
        let (x, y) = (MARGIN + NAMES, HEAD + ROW * at as f64);
        text(&mut svg, MARGIN, y + 15.0, "", row.title);
        let Some(figures) = &row.figures else {
            text(&mut svg, x, y + 15.0, "fill=\"#9aa5b1\"", row.status);
            continue;
        };
        let length = (figures.cpu_us_per_file / most * BAR_MAX).max(1.0);
        let colour = match row.title {
            title if title.starts_with("drayage") || title.starts_with('…') => OURS,
            title if title.starts_with("bare loop") => BARE,
            _ => OTHERS,
        };
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{length:.1}\" height=\"19\" rx=\"2\" fill=\"{colour}\"/>"
        );
        let shown = format!("{:.0} µs, {:.0} files/s", figures.cpu_us_per_file, figures.files_per_s);
        text(&mut svg, x + length + 6.0, y + 14.0, "", &shown);
    }
    svg.push_str("</svg>\n");
    svg
}

fn text(svg: &mut String, x: f64, y: f64, attributes: &str, content: &str) {
    let content = content.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" {attributes}>{content}</text>");
}
