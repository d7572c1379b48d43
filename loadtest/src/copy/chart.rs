//! The comparison as a bar chart: for each workload, speed on the left (longer is better), CPU on the right (shorter is better).

use std::fmt::Write as _;

use super::report::{Figures, Report, Section};

const WIDTH: f64 = 960.0;
const MARGIN: f64 = 20.0;
const NAMES: f64 = 150.0;
/// Where the bars of each side begin, and the longest bar.
const SIDES: [f64; 2] = [MARGIN + NAMES, MARGIN + NAMES + 405.0];
const BAR_MAX: f64 = 300.0;
const ROW: f64 = 24.0;
const HEAD: f64 = 56.0;
const OURS: &str = "#0b6e4f";
const FLOOR: &str = "#9aa5b1";
const OTHERS: &str = "#5b7db1";

pub(super) fn svg(report: &Report) -> String {
    let height: f64 = report.workloads.iter().map(section_height).sum::<f64>() + MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"13\" fill=\"#1f2933\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    let mut top = 0.0;
    for section in &report.workloads {
        draw(&mut svg, section, top);
        top += section_height(section);
    }
    svg.push_str("</svg>\n");
    svg
}

fn section_height(section: &Section) -> f64 {
    HEAD + ROW * section.rows.len() as f64 + MARGIN
}

/// What a side shows of a row.
type Side = fn(&Figures, bool) -> f64;

fn draw(svg: &mut String, section: &Section, top: f64) {
    let (speed, cpu) = section.units();
    text(svg, MARGIN, top + 26.0, "font-weight=\"bold\"", &section.title());
    text(svg, SIDES[0], top + 46.0, "fill=\"#52606d\"", &format!("{speed} (longer is better)"));
    text(svg, SIDES[1], top + 46.0, "fill=\"#52606d\"", &format!("{cpu} (shorter is better)"));
    for (at, row) in section.rows.iter().enumerate() {
        let y = top + HEAD + ROW * at as f64;
        text(svg, MARGIN, y + 15.0, "", row.title);
        let Some(figures) = &row.figures else {
            text(svg, SIDES[0], y + 15.0, "fill=\"#9aa5b1\"", row.status());
            continue;
        };
        let sides: [Side; 2] = [Figures::speed, Figures::cpu];
        for (x, side) in SIDES.into_iter().zip(sides) {
            let all = section.rows.iter().filter_map(|row| row.figures.as_ref());
            let most = all.map(|figures| side(figures, section.is_small)).fold(f64::MIN_POSITIVE, f64::max);
            let value = side(figures, section.is_small);
            let length = (value / most * BAR_MAX).max(1.0);
            let colour = match row.title {
                "Drayage" => OURS,
                title if title.ends_with("(floor)") => FLOOR,
                _ => OTHERS,
            };
            let _ = writeln!(
                svg,
                "<rect x=\"{x}\" y=\"{y}\" width=\"{length:.1}\" height=\"18\" rx=\"2\" fill=\"{colour}\"/>"
            );
            let shown = if value < 100.0 { format!("{value:.2}") } else { format!("{value:.0}") };
            text(svg, x + length + 6.0, y + 14.0, "", &shown);
        }
    }
}

fn text(svg: &mut String, x: f64, y: f64, attributes: &str, content: &str) {
    let content = content.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" {attributes}>{content}</text>");
}
