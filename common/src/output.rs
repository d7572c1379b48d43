//! The one way to print. Standard output and standard error may be closed, their reader may have gone away, or the disk behind them
//! may be full. None of that ends a command or costs it its state, so nothing here returns an error or panics, as `println!` would.
//!
//! What is printed may hold names that others chose. [`name`] and [`path`] show a name in one line; whatever else would act on a
//! terminal or cannot be seen is escaped where it is written, so that no caller can forget it.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{ErrorKind, Write};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::OnceLock;

/// What kept results from standard output, if anything but a reader that had read enough.
static LOST: OnceLock<String> = OnceLock::new();

/// Prints a result: a line, or several, on standard output.
pub fn out(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let line = format!("{}\n", plain(text));
    let written = stdout.write_all(line.as_bytes()).and_then(|()| stdout.flush());
    drop(stdout);
    let Err(error) = written else { return };
    // `head` closes its end when it has enough.
    if error.kind() != ErrorKind::BrokenPipe && LOST.set(error.to_string()).is_ok() {
        err(&format!("failed to print results: {error}; the work goes on"));
    }
}

/// Prints a result that is JSON. Characters that cannot be seen become JSON's own escapes, which mean the same.
pub fn out_json(json: &str) {
    let mut shown = String::with_capacity(json.len());
    for c in json.chars() {
        if is_hidden(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(shown, "\\u{unit:04x}");
            }
        } else {
            shown.push(c);
        }
    }
    out(&shown);
}

/// Prints what is not a result on standard error.
pub fn err(text: &str) {
    // In one piece: lines of several threads must not mix.
    let line = format!("{}\n", plain(text));
    let _ = std::io::stderr().lock().write_all(line.as_bytes());
}

/// [`err`], with the arguments of `format!`.
#[macro_export]
macro_rules! say {
    ($($argument:tt)*) => { $crate::output::err(&format!($($argument)*)) };
}

/// Why results were lost, after which a command must not end as if they had been read.
pub fn lost() -> Option<&'static str> {
    LOST.get().map(String::as_str)
}

/// A writer to standard error that never fails, for logs: the subscriber reports a failed write with `eprintln!`, which panics when
/// standard error is what failed.
#[derive(Debug)]
pub struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let _ = std::io::stderr().lock().write_all(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A name as one line can show it: what acts on a terminal, breaks a line or cannot be seen is escaped.
pub fn name(name: &str) -> Cow<'_, str> {
    escape(name, |_| false)
}

/// A path, like [`name`]. Bytes that are no UTF-8 are shown as `\xff`.
pub fn path(path: &Path) -> String {
    let chunks = path.as_os_str().as_bytes().utf8_chunks();
    chunks.fold(String::new(), |mut shown, chunk| {
        shown.push_str(&name(chunk.valid()));
        for byte in chunk.invalid() {
            let _ = write!(shown, "\\x{byte:02x}");
        }
        shown
    })
}

/// Text of several lines, which may be aligned with tabs.
fn plain(text: &str) -> Cow<'_, str> {
    escape(text, |c| matches!(c, '\n' | '\t'))
}

fn escape(text: &str, is_allowed: impl Fn(char) -> bool) -> Cow<'_, str> {
    let must_go = |c: char| is_hidden(c) && !is_allowed(c);
    if !text.chars().any(must_go) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if must_go(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// Whether a terminal would obey the character, or a reader would not see it: control and format characters (also those that turn the
/// direction of what follows), separators other than the space, variation selectors, fillers, and what Unicode has not assigned.
fn is_hidden(c: char) -> bool {
    if c.is_ascii() {
        return c.is_control();
    }
    let blank = matches!(
        c,
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{2800}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{e0100}'..='\u{e01ef}'
    );
    // The standard library knows Unicode's tables. After a letter it leaves accents alone, which would be escaped at the start.
    blank || ['a', c].iter().collect::<String>().escape_debug().nth(1) == Some('\\')
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;

    #[test]
    fn what_cannot_be_seen_is_escaped_in_a_name() {
        let hidden = [
            "\0",
            "\u{7}",
            "\u{1b}",
            "\u{7f}",
            "\u{85}",
            "\u{9b}",
            "\u{a0}",
            "\u{ad}",
            "\u{34f}",
            "\u{61c}",
            "\u{115f}",
            "\u{180e}",
            "\u{2000}",
            "\u{200b}",
            "\u{200d}",
            "\u{200e}",
            "\u{202e}",
            "\u{2028}",
            "\u{2029}",
            "\u{2060}",
            "\u{2066}",
            "\u{2069}",
            "\u{2800}",
            "\u{3000}",
            "\u{3164}",
            "\u{e000}",
            "\u{fe0f}",
            "\u{feff}",
            "\u{fff9}",
            "\u{1d173}",
            "\u{e0001}",
            "\u{e007f}",
            "\u{e01ef}",
            "\u{10ffff}",
        ];
        for text in hidden {
            let shown = name(text);
            assert!(shown.is_ascii() && shown.starts_with('\\'), "{text:?} is shown as {shown:?}");
        }
        assert_eq!(name("a\nb\t\u{1}"), "a\\nb\\t\\u{1}");
        assert_eq!(name("invoice\u{202e}fdp.exe"), "invoice\\u{202e}fdp.exe");
    }

    #[test]
    fn what_can_be_seen_stays_as_it_is() {
        for text in
            ["a b+%2F'\"\\", "é", "e\u{301}", "naïve – “q”", "日本", "한글", "हिन्दी", "ไทย", "📦/🎉", "עברית"]
        {
            assert!(matches!(name(text), Cow::Borrowed(_)), "{text} is shown as {}", name(text));
        }
    }

    #[test]
    fn a_path_shows_every_byte() {
        let odd = Path::new(OsStr::from_bytes(b"a/\xff\xc3\xa9\x1b"));
        assert_eq!(path(odd), "a/\\xffé\\u{1b}");
    }

    #[test]
    fn a_text_keeps_its_lines_and_nothing_else() {
        assert_eq!(plain("a\tb\nc\rd\u{1b}[2J"), "a\tb\nc\\rd\\u{1b}[2J");
    }
}
