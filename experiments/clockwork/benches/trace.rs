//! A full day of the trace: generated, read, and replayed.
//!
//! The goals: a day file is read in less than 3 s without being held whole, its
//! compact form and the replay take less than 300 MB together, and the replay makes at
//! least 1.5 million requests per second on one core. The day is generated in the size
//! of the published ones; `TRACE_DIR` names a directory with a first day to take instead.

use std::{
    env,
    fs::{self, File},
    hint::black_box,
    path::{Path, PathBuf},
    time::Instant,
};

use clockwork::{
    time::SECOND,
    trace::{Generator, Shape, open_day, read_day},
    workload::{Azure, AzureSettings, Workload as _},
};

/// Of the trace, at its own rate.
const REPLAYED_S: u64 = 600;

fn main() {
    let temporary = tempfile::tempdir().expect("there is room for a day");
    let directory = env::var_os("TRACE_DIR").map(PathBuf::from);
    let directory = directory.unwrap_or_else(|| generate(temporary.path()));
    stream(&directory);
    replay(&directory);
}

fn generate(directory: &Path) -> PathBuf {
    let path = directory.join("invocations_per_function_md.anon.d01.csv");
    let (took_s, _) = timed(|| {
        let generator = Generator::new(&Shape::PUBLISHED).expect("the shape is the default");
        generator.write(File::create(&path).expect("the directory is new")).expect("there is room")
    });
    eprintln!("trace: a day of {:.0} MB generated in {took_s:.2} s", len_mb(directory));
    directory.to_owned()
}

/// Reads row after row, and keeps none.
fn stream(directory: &Path) {
    let before_mb = peak_memory_mb();
    let (took_s, n_rows) = timed(|| {
        let mut reader = open_day(directory, 1).expect("the day is there");
        let mut n_rows = 0;
        while let Some(row) = reader.next_row().expect("the day is well-formed") {
            black_box(row.counts);
            n_rows += 1;
        }
        n_rows
    });
    let peak_mb = peak_memory_mb();
    eprintln!(
        "trace: {n_rows} rows streamed in {took_s:.2} s, {:.0} MB/s; peak memory {before_mb:.0} MB before, {peak_mb:.0} MB after",
        len_mb(directory) / took_s
    );
}

fn len_mb(directory: &Path) -> f64 {
    let files = fs::read_dir(directory).expect("the directory is there");
    let days = files.map(|file| file.expect("it can be listed"));
    let first =
        days.into_iter().find(|file| file.file_name().to_string_lossy().ends_with("d01.csv"));
    first.expect("the day was read").metadata().expect("it has a size").len() as f64 / 1e6
}

fn replay(directory: &Path) {
    let (read_s, day) = timed(|| read_day(directory, 1).expect("the day is well-formed"));
    let read_mb = peak_memory_mb();
    eprintln!(
        "trace: {} functions, {:.0} million invocations read in {read_s:.2} s into {:.0} MB, peak memory {read_mb:.0} MB",
        day.len(),
        (0..day.len()).map(|one| day.total(one)).sum::<u64>() as f64 / 1e6,
        day.heap_bytes() as f64 / 1e6,
    );
    let varieties: Vec<String> = (0..61).map(|nth| format!("variety{nth:02}")).collect();
    let settings = AzureSettings { num_workers: 8, ..AzureSettings::ORIGINAL };
    let (prepared_s, mut azure) =
        timed(|| Azure::new(&settings, &varieties, &day).expect("the settings are the paper's"));
    let (took_s, n_sent) = timed(|| {
        let requests = std::iter::from_fn(|| azure.send());
        requests.take_while(|one| black_box(one).at < REPLAYED_S * SECOND).count()
    });
    eprintln!(
        "trace: replay prepared in {prepared_s:.2} s, {REPLAYED_S} s of it replayed: {:.0} requests/s of the trace, \
         {:.2} million requests/s on one core, peak memory {:.0} MB",
        n_sent as f64 / REPLAYED_S as f64,
        n_sent as f64 / took_s / 1e6,
        peak_memory_mb()
    );
}

fn timed<T>(run: impl FnOnce() -> T) -> (f64, T) {
    let began = Instant::now();
    let result = run();
    (began.elapsed().as_secs_f64(), result)
}

/// The most that this process has had in memory so far.
fn peak_memory_mb() -> f64 {
    let status = fs::read_to_string("/proc/self/status").expect("this is Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("it is counted");
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().expect("it is a number");
    kib * 1024.0 / 1e6
}
