//! What holds in every place.

use std::{fs, path::PathBuf, time::Duration};

use rustix::process::Signal;

use crate::{
    Server,
    support::{Answer, Driver, Site, pause},
};

/// A promise kept by a place.
type Promise = fn(&mut dyn Server);

pub(crate) const ALL: [(&str, Promise); 9] = [
    ("what_is_uploaded_is_downloaded", roundtrip),
    ("what_is_there_already_is_not_sent_again", again),
    ("an_upload_without_its_last_file_is_not_whole", without_mark),
    ("an_upload_that_is_killed_is_never_taken_for_a_whole_one", killed),
    ("a_file_that_changed_there_is_refused", changed_there),
    ("a_changed_entry_replaces_what_was_there", replaced),
    ("a_place_without_the_data_is_told", nothing_there),
    ("a_key_that_is_not_there_is_a_usage_error", unknown_key),
    ("a_place_that_does_not_answer_is_told", no_answer),
];

const TEXT: &str = "one\nthree\n";
const MARK: &str = "COMPLETE.json";

/// The toy's `data` at one machine: a cache of its own.
struct Machine<'a> {
    site: Site,
    server: &'a dyn Server,
}

impl<'a> Machine<'a> {
    fn new(server: &'a dyn Server) -> Self {
        Self { site: Site::new(), server }
    }

    /// One that has prepared a text.
    fn with(server: &'a dyn Server, text: &str) -> Self {
        let machine = Self::new(server);
        let text = machine.site.write("text", text);
        machine.data(&["prepare", "lines", "--from", &text]).wait().expect_code(0);
        machine
    }

    fn data(&self, args: &[&str]) -> Driver {
        let toy = env!("CARGO_BIN_EXE_toy");
        let command = [toy, "--driver", "data"].map(str::to_owned);
        let args = args.iter().map(|arg| (*arg).to_owned());
        self.site.start("env", self.server.variables().into_iter().chain(command).chain(args))
    }

    fn upload(&self) -> Driver {
        self.data(&["upload", "lines", "--to", &self.server.place()])
    }

    fn download(&self) -> Answer {
        self.data(&["download", "lines", "--from", &self.server.place()]).wait()
    }

    /// The directories of this machine's entries.
    fn entries(&self) -> Vec<PathBuf> {
        let dir = self.site.path("cache/data/lines");
        let entries = fs::read_dir(dir).into_iter().flatten();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    #[track_caller]
    fn expect_text(&self, text: &str) {
        let entries = self.entries();
        let [entry] = entries.as_slice() else { panic!("{entries:?}") };
        assert_eq!(fs::read_to_string(entry.join("lines")).unwrap(), text);
    }
}

/// The one entry that the server keeps.
fn kept(server: &dyn Server) -> PathBuf {
    let entries = fs::read_dir(server.files().join("lines")).unwrap();
    let entries: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    let [entry] = entries.as_slice() else { panic!("{entries:?}") };
    entry.clone()
}

#[track_caller]
fn expect_refused(there: &Machine<'_>, complaint: &str) {
    let answer = there.download();
    assert!(answer.stderr.contains(complaint), "{}", answer.stderr);
    assert_eq!(there.entries(), [""; 0].map(PathBuf::from));
    answer.expect_code(3);
}

fn roundtrip(server: &mut dyn Server) {
    let here = Machine::with(server, TEXT);
    let sent = here.upload().wait().expect_code(0);
    assert!(sent.stdout.contains(": sent (sha256 "), "{}", sent.stdout);
    let there = Machine::new(server);
    let got = there.download().expect_code(0);
    assert_eq!(got.stdout, sent.stdout.replace(": sent", ": got"));
    there.expect_text(TEXT);
    there.data(&["verify", "lines"]).wait().expect_code(0);
}

fn again(server: &mut dyn Server) {
    let here = Machine::with(server, TEXT);
    here.upload().wait().expect_code(0);
    for answer in [here.upload().wait(), here.download()] {
        assert!(answer.stdout.contains(": already there (sha256 "), "{}", answer.stdout);
        answer.expect_code(0);
    }
}

fn without_mark(server: &mut dyn Server) {
    Machine::with(server, TEXT).upload().wait().expect_code(0);
    fs::remove_file(kept(server).join(MARK)).unwrap();
    expect_refused(&Machine::new(server), "is not whole there");
}

fn killed(server: &mut dyn Server) {
    let text = "a line of sixteen\n".repeat(2_000_000);
    let here = Machine::with(server, &text);
    for n in 0..4 {
        let upload = here.upload();
        pause(Duration::from_millis(25 << n));
        upload.signal_group(Signal::KILL);
        upload.wait();
        let there = Machine::new(server);
        match there.download() {
            // Killed after its last file.
            whole if whole.stderr.is_empty() => there.expect_text(&text),
            _ => assert_eq!(there.entries(), [""; 0].map(PathBuf::from)),
        }
    }
    here.upload().wait().expect_code(0);
    let there = Machine::new(server);
    there.download().expect_code(0);
    there.expect_text(&text);
}

fn changed_there(server: &mut dyn Server) {
    Machine::with(server, TEXT).upload().wait().expect_code(0);
    fs::write(kept(server).join("lines"), "one\nthre!\n").unwrap();
    expect_refused(&Machine::new(server), "but was sent with");
}

fn replaced(server: &mut dyn Server) {
    let here = Machine::with(server, TEXT);
    here.upload().wait().expect_code(0);
    // What another version of the code may have left under the same key.
    let entry = kept(server);
    fs::write(entry.join("stray"), "").unwrap();
    fs::write(entry.join(MARK), "{\"sha256\": \"of something else\"}").unwrap();
    here.upload().wait().expect_code(0);
    let there = Machine::new(server);
    there.download().expect_code(0);
    there.expect_text(TEXT);
    assert!(!there.entries()[0].join("stray").exists());
}

fn nothing_there(server: &mut dyn Server) {
    expect_refused(&Machine::new(server), "nothing of lines is there");
}

fn unknown_key(server: &mut dyn Server) {
    let here = Machine::with(server, TEXT);
    here.upload().wait().expect_code(0);
    let (place, key) = (server.place(), ["--key", "original-00"]);
    for moving in [["upload", "lines", "--to", &place], ["download", "lines", "--from", &place]] {
        let answer = here.data(&[&moving[..], &key].concat()).wait();
        assert!(answer.stderr.contains("no entry `original-00`"), "{}", answer.stderr);
        answer.expect_code(2);
    }
}

fn no_answer(server: &mut dyn Server) {
    Machine::with(server, TEXT).upload().wait().expect_code(0);
    server.stop();
    let place = server.place();
    expect_refused(&Machine::new(server), &place);
    let answer = Machine::with(server, TEXT).upload().wait();
    assert!(answer.stderr.contains(&place), "{}", answer.stderr);
    answer.expect_code(3);
}
