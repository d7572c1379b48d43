//! Line and area charts over time as SVG, with nothing but what is drawn.

use std::fmt::Write as _;

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 230.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 46.0;
const BOTTOM: f64 = 24.0;
/// Told apart by people who see few colours, too.
const COLOURS: [&str; 8] =
    ["#0b6e4f", "#c2571a", "#4063a3", "#9aa5b1", "#8e4585", "#b8860b", "#2a9d8f", "#7f1d1d"];

/// How the value is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    FromZero,
    /// Powers of ten.
    Log,
    /// Areas on top of each other, from zero.
    Stacked,
}

/// Values over time; a gap where there are none.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) points: Vec<Option<f64>>,
}

/// `step_s`: the time from point to point.
pub(super) fn chart(title: &str, scale: Scale, step_s: f64, lines: &[Line]) -> String {
    let points = lines.iter().map(|line| line.points.len()).max().unwrap_or(0);
    let layers = layers(scale, lines);
    let values = layers.iter().flat_map(|(top, _)| top).flatten().copied();
    let most = values.clone().fold(0.0, f64::max);
    let axis = match scale {
        Scale::Log => Axis::log(values.filter(|value| *value > 0.0).fold(f64::INFINITY, f64::min), most),
        Scale::FromZero | Scale::Stacked => Axis::from_zero(most),
    };
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{0}\">\n\
         <text x=\"0\" y=\"14\" class=\"title\">{0}</text>\n",
        escape(title)
    );
    legend(&mut svg, lines);
    for (value, label) in &axis.ticks {
        let y = axis.y(*value);
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{}\" y2=\"{y:.1}\" class=\"grid\"/>",
            WIDTH - RIGHT
        );
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{:.1}\" class=\"tick end\">{label}</text>",
            LEFT - 6.0,
            y + 4.0
        );
    }
    let x = |index: f64| LEFT + (WIDTH - LEFT - RIGHT) * index / (points.max(2) - 1) as f64;
    for (s, label) in time_ticks(points.saturating_sub(1) as f64 * step_s) {
        let x = x(s / step_s);
        let _ =
            writeln!(svg, "<text x=\"{x:.1}\" y=\"{}\" class=\"tick middle\">{label}</text>", HEIGHT - 6.0);
    }
    for ((tops, bottoms), colour) in layers.iter().zip(COLOURS.iter().cycle()) {
        if scale == Scale::Stacked {
            let above = tops.iter().enumerate().map(|(at, top)| (x(at as f64), axis.y(top.unwrap_or(0.0))));
            let below = bottoms.iter().enumerate().rev();
            let below = below.map(|(at, bottom)| (x(at as f64), axis.y(bottom.unwrap_or(0.0))));
            let shape: Vec<String> = above.chain(below).map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
            let _ = writeln!(
                svg,
                "<polygon points=\"{}\" fill=\"{colour}\" fill-opacity=\"0.75\"/>",
                shape.join(" ")
            );
        } else {
            let _ = writeln!(
                svg,
                "<path d=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.4\"/>",
                path(tops, &x, &axis)
            );
        }
    }
    svg.push_str("</svg>\n");
    svg
}

type Values = Vec<Option<f64>>;

/// The upper and the lower edge of what each line draws.
fn layers(scale: Scale, lines: &[Line]) -> Vec<(Values, Values)> {
    let points = lines.iter().map(|line| line.points.len()).max().unwrap_or(0);
    let mut floor: Values = vec![Some(0.0); points];
    let layer = |line: &Line| {
        if scale != Scale::Stacked {
            return (line.points.clone(), Vec::new());
        }
        let at = |index: usize| line.points.get(index).copied().flatten().unwrap_or(0.0);
        let top: Values =
            (0..).zip(&floor).map(|(index, floor)| Some(floor.unwrap_or(0.0) + at(index))).collect();
        (top.clone(), std::mem::replace(&mut floor, top))
    };
    lines.iter().map(layer).collect()
}

fn legend(svg: &mut String, lines: &[Line]) {
    let mut x = 0.0;
    for (line, colour) in lines.iter().zip(COLOURS.iter().cycle()) {
        let _ = writeln!(svg, "<rect x=\"{x:.1}\" y=\"24\" width=\"10\" height=\"10\" fill=\"{colour}\"/>");
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"33\" class=\"tick\">{}</text>",
            x + 14.0,
            escape(&line.name)
        );
        x += 28.0 + 6.4 * line.name.chars().count() as f64;
    }
}

/// Lines between the points that are there.
fn path(values: &[Option<f64>], x: &impl Fn(f64) -> f64, axis: &Axis) -> String {
    let mut path = String::new();
    let mut pen_is_down = false;
    for (at, value) in values.iter().enumerate() {
        if let Some(value) = value {
            let command = if pen_is_down { 'L' } else { 'M' };
            let _ = write!(path, "{command}{:.1} {:.1}", x(at as f64), axis.y(*value));
            // A point between two gaps is seen, too.
            if !pen_is_down {
                path.push_str("h0.5");
            }
        }
        pen_is_down = value.is_some();
    }
    path
}

#[derive(Debug)]
struct Axis {
    low: f64,
    high: f64,
    is_log: bool,
    ticks: Vec<(f64, String)>,
}

impl Axis {
    fn from_zero(most: f64) -> Self {
        let most = if most > 0.0 { most } else { 1.0 };
        let rough = most / 4.0;
        let magnitude = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|nice| nice * magnitude).into_iter().find(|step| *step >= rough);
        let step = step.unwrap_or(rough);
        let count = (most / step).ceil();
        let ticks = (0..=count as u32).map(|at| f64::from(at) * step).map(|value| (value, short(value)));
        Self { low: 0.0, high: count * step, is_log: false, ticks: ticks.collect() }
    }

    fn log(least: f64, most: f64) -> Self {
        let least = if least.is_finite() { least } else { 1.0 };
        let (low, high) = (least.log10().floor(), most.max(least * 1.01).log10().ceil());
        let ticks = (low as i32..=high as i32).map(|exponent| 10_f64.powi(exponent));
        let ticks = ticks.map(|value| (value, short(value))).collect();
        Self { low, high, is_log: true, ticks }
    }

    fn y(&self, value: f64) -> f64 {
        let at = if self.is_log { value.max(f64::MIN_POSITIVE).log10() } else { value };
        let share = ((at - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
    }
}

/// At most seven, at round times.
fn time_ticks(span_s: f64) -> Vec<(f64, String)> {
    let steps =
        [1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0, 14_400.0, 86_400.0];
    let step = steps.into_iter().find(|step| span_s / step <= 6.5).unwrap_or(604_800.0);
    let label = |s: f64| if step >= 60.0 { format!("{} min", (s / 60.0).round()) } else { format!("{s} s") };
    (0..=(span_s / step) as u32).map(|at| f64::from(at) * step).map(|s| (s, label(s))).collect()
}

fn short(value: f64) -> String {
    match value.abs() {
        large if large >= 1e6 => format!("{}M", value / 1e6),
        large if large >= 1e4 => format!("{}k", value / 1e3),
        _ => format!("{}", (value * 1e4).round() / 1e4),
    }
}

/// Text as SVG and HTML take it.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(points: &[Option<f64>]) -> Line {
        Line { name: "a<b".to_owned(), points: points.to_vec() }
    }

    #[test]
    fn axes_have_round_ticks_and_hold_every_value() {
        for most in [0.0, 0.3, 1.0, 7.0, 278.0, 1e6] {
            let axis = Axis::from_zero(most);
            assert!(axis.high >= most && (2..=6).contains(&axis.ticks.len()), "{most}: {axis:?}");
        }
        let axis = Axis::log(3.0, 2_500.0);
        assert_eq!(
            axis.ticks.iter().map(|(_, label)| &**label).collect::<Vec<_>>(),
            ["1", "10", "100", "1000", "10k"]
        );
        assert!(axis.y(2_500.0) < axis.y(3.0));
    }

    #[test]
    fn gaps_break_the_line() {
        let svg = chart("t", Scale::FromZero, 1.0, &[line(&[Some(1.0), Some(2.0), None, Some(1.0)])]);
        assert_eq!(svg.matches('M').count(), 2, "{svg}");
        assert!(svg.contains("a&lt;b") && !svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }

    #[test]
    fn areas_stand_on_each_other() {
        let lines = [line(&[Some(1.0), Some(2.0)]), line(&[Some(3.0), None])];
        let layers = layers(Scale::Stacked, &lines);
        assert_eq!(layers[1], (vec![Some(4.0), Some(2.0)], vec![Some(1.0), Some(2.0)]));
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        for scale in [Scale::FromZero, Scale::Log, Scale::Stacked] {
            let svg = chart("empty", scale, 1.0, &[line(&[])]);
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }
}
