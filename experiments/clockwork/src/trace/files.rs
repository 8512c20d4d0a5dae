//! Where the files of the trace are.

use std::{
    fs::File,
    io::{self, BufReader},
    path::Path,
};

use super::{Day, Reader, TraceError};

/// Large enough that reading is not what takes the time.
const BUFFER_BYTES: usize = 1 << 20;

/// Opens a day of the trace, 1 to 14, in `directory`: under the name that the
/// preview of the data set had, as the original tries it first, else under its
/// published one.
///
/// # Errors
/// If there is no such day, or its file is missing, unreadable or has another header.
pub fn open_day(directory: &Path, day: u8) -> Result<Reader<BufReader<File>>, TraceError> {
    if !(1..=14).contains(&day) {
        return Err(TraceError::NoSuchDay { day });
    }
    let name =
        |kind: &str| directory.join(format!("invocations_per_function_md.{kind}.d{day:02}.csv"));
    let [old, new] = [name("svls.anon"), name("anon")];
    for path in [&old, &new] {
        match File::open(path) {
            Ok(file) => return Reader::new(BufReader::with_capacity(BUFFER_BYTES, file), path),
            Err(source) if source.kind() == io::ErrorKind::NotFound => {}
            Err(source) => {
                return Err(TraceError::Unreadable { path: path.clone(), line: 0, source });
            }
        }
    }
    Err(TraceError::Missing { old, new })
}

/// Reads a whole day of the trace.
///
/// # Errors
/// Those of [`open_day`], and if a row is malformed or the file unreadable.
pub fn read_day(directory: &Path, day: u8) -> Result<Day, TraceError> {
    let mut reader = open_day(directory, day)?;
    let mut day = Day::default();
    while let Some(row) = reader.next_row()? {
        day.push(row.counts);
    }
    Ok(day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{N_MINUTES, Writer};

    /// Writes a file of one function that is invoked `count` times in its first minute.
    fn write(directory: &Path, name: &str, count: u32) {
        let mut counts = [0; N_MINUTES];
        counts[0] = count;
        let mut writer = Writer::new(File::create(directory.join(name)).unwrap()).unwrap();
        writer.row(["owner", "app", "function", "http"], &counts).unwrap();
        writer.finish().unwrap();
    }

    #[test]
    fn a_day_is_found_under_its_published_name() {
        let directory = tempfile::tempdir().unwrap();
        write(directory.path(), "invocations_per_function_md.anon.d03.csv", 5);
        assert_eq!(read_day(directory.path(), 3).unwrap().total(0), 5);
    }

    #[test]
    fn the_name_of_the_preview_comes_first() {
        let directory = tempfile::tempdir().unwrap();
        write(directory.path(), "invocations_per_function_md.anon.d03.csv", 5);
        write(directory.path(), "invocations_per_function_md.svls.anon.d03.csv", 6);
        assert_eq!(read_day(directory.path(), 3).unwrap().total(0), 6);
    }

    #[test]
    fn a_missing_day_is_named_with_what_to_do() {
        let error = read_day(Path::new("/nowhere"), 3).unwrap_err();
        insta::assert_snapshot!(error, @r"
        neither /nowhere/invocations_per_function_md.svls.anon.d03.csv nor /nowhere/invocations_per_function_md.anon.d03.csv exists
        (hint: unpack azurefunctions-dataset2019.tar.xz there)
        ");
    }

    #[test]
    fn the_trace_has_14_days() {
        insta::assert_snapshot!(read_day(Path::new("/nowhere"), 15).unwrap_err(), @r"
        the trace has no day 15
        (hint: its days are 1 to 14)
        ");
        assert!(matches!(
            open_day(Path::new("/nowhere"), 0),
            Err(TraceError::NoSuchDay { day: 0 })
        ));
    }
}
