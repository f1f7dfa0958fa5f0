//! The files and folders of a controller's tables, read again and again for as long as it runs.
//!
//! A table is given up where a folder was listed and has no file of it any more, and only there. Whatever else befalls a
//! file or a folder leaves its tables as they were: a volume may be away for a moment.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use crate::controller::reload::File;

use super::failure::Failure;
use super::file;
use super::output::Output;
use super::tables::{self, LARGEST, listed};

/// How long a reading is waited for. On a disk it takes less than a millisecond; on a volume that hangs it would never end.
const MOMENT: Duration = Duration::from_millis(100);

/// What was named, as it was at the start.
#[derive(Debug)]
pub(super) struct Sources(Vec<Source>);

#[derive(Debug)]
struct Source {
    path: PathBuf,
    is_folder: bool,
    /// What a folder's files held when it could last be listed.
    last: BTreeMap<String, File>,
}

/// Reads on a thread of its own, so that nobody waits for a read that hangs.
#[derive(Debug)]
pub(super) struct Reader {
    asks: Sender<()>,
    answers: Receiver<BTreeMap<String, File>>,
    is_reading: bool,
    last: BTreeMap<String, File>,
    named: String,
}

impl Sources {
    /// What was named, and what it holds; the tables in it have been found good.
    ///
    /// # Errors
    /// Something cannot be read, or has problems, which have been said.
    pub(super) fn open(output: &Output, paths: &[PathBuf]) -> Result<(Self, BTreeMap<String, File>), Failure> {
        let (mut sources, mut all) = (Vec::new(), Vec::new());
        for path in paths {
            let is_folder = path.is_dir();
            let files = tables::files(std::slice::from_ref(path))?;
            let last = files.iter().map(|(name, bytes)| (name.clone(), File::Read(bytes.clone()))).collect();
            sources.push(Source { path: path.clone(), is_folder, last });
            all.extend(files);
        }
        let named: Vec<(&str, &[u8])> = all.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
        tables::read(output, &named)?;
        let first = sources.iter().flat_map(|source| source.last.clone()).collect();
        Ok((Self(sources), first))
    }

    /// What they hold now.
    fn read(&mut self) -> BTreeMap<String, File> {
        self.0.iter_mut().flat_map(Source::read).collect()
    }
}

impl Source {
    fn read(&mut self) -> BTreeMap<String, File> {
        let name = self.path.display().to_string();
        let found = if self.is_folder { listed(&self.path) } else { Ok(vec![self.path.clone()]) };
        match found {
            Ok(files) => {
                let read = files.iter().map(|path| {
                    let read = file::again(path, LARGEST).map_or_else(File::Unreadable, File::Read);
                    (path.display().to_string(), read)
                });
                self.last = read.collect();
                self.last.clone()
            }
            Err(error) => {
                let mut kept = self.last.clone();
                kept.insert(name, File::Unreadable(error.to_string()));
                kept
            }
        }
    }
}

impl Reader {
    /// Begins; `first` is what the sources held at the start.
    ///
    /// # Errors
    /// What the system says about one thread more.
    pub(super) fn start(sources: Sources, first: BTreeMap<String, File>) -> Result<Self, Failure> {
        let named = sources.0.iter().map(|source| source.path.display().to_string()).collect::<Vec<_>>().join(", ");
        let mut sources = sources;
        Self::of(named, first, move || sources.read())
    }

    fn of(
        named: String,
        first: BTreeMap<String, File>,
        mut read: impl FnMut() -> BTreeMap<String, File> + Send + 'static,
    ) -> Result<Self, Failure> {
        let (asks, asked) = channel();
        let (answer, answers) = channel();
        let reading = move || while asked.recv().is_ok() && answer.send(read()).is_ok() {};
        // Nobody waits for its end: a read that hangs would have none.
        thread::Builder::new().name("files".to_owned()).spawn(reading).map_err(|error| Failure::of(&error))?;
        Ok(Self { asks, answers, is_reading: false, last: first, named })
    }

    /// What the sources hold; what they held before, while a reading of them hangs.
    pub(super) fn files(&mut self) -> BTreeMap<String, File> {
        let hangs = self.is_reading;
        let answer = if hangs {
            self.answers.try_recv().ok()
        } else {
            self.is_reading = self.asks.send(()).is_ok();
            self.answers.recv_timeout(MOMENT).ok()
        };
        let mut files = match answer {
            Some(files) => {
                self.is_reading = false;
                self.last.clone_from(&files);
                return files;
            }
            None => self.last.clone(),
        };
        if hangs {
            files.insert(self.named.clone(), File::Unreadable("a reading has not ended yet".to_owned()));
        }
        files
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::controller::reload::Tables;

    const CGAP: &str = include_str!("../../specs/cgap.yaml");

    fn folder(name: &str) -> PathBuf {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tmp").join(format!("sources-{name}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        for name in ["a", "b"] {
            let table = CGAP.replacen("name: cgap-devtest", &format!("name: {name}"), 1);
            let table = table.replacen("CGAPDockerClusterFor*-*", &format!("{name}-*"), 1);
            fs::write(folder.join(format!("{name}.yaml")), table).unwrap();
        }
        folder
    }

    fn opened(folder: &Path) -> (Sources, Tables) {
        let path = folder.to_owned();
        let mut sources = Sources(vec![Source { path, is_folder: true, last: BTreeMap::new() }]);
        let mut tables = Tables::default();
        tables.reload(sources.read());
        assert_eq!(names(&tables), ["a", "b"]);
        (sources, tables)
    }

    fn names(tables: &Tables) -> Vec<String> {
        tables.in_force().map(|table| table.name.to_string()).collect()
    }

    #[test]
    fn a_folder_that_is_away_keeps_all_of_its_tables_and_is_told_once() {
        let folder = folder("away");
        let (mut sources, mut tables) = opened(&folder);
        let away = folder.with_extension("away");
        let _ = fs::remove_dir_all(&away);
        fs::rename(&folder, &away).unwrap();
        let reloaded = tables.reload(sources.read());
        assert_eq!((reloaded.unusable.len(), reloaded.broken, reloaded.gone.len()), (1, 1, 0), "{reloaded:?}");
        assert!(tables.reload(sources.read()).is_empty());
        assert_eq!(names(&tables), ["a", "b"]);
        fs::rename(&away, &folder).unwrap();
        let reloaded = tables.reload(sources.read());
        assert_eq!((reloaded.broken, reloaded.were_broken, names(&tables).len()), (0, 1, 2));
    }

    #[test]
    fn a_file_whose_content_is_away_keeps_its_table_and_one_that_is_gone_gives_it_up() {
        let folder = folder("dangling");
        let (mut sources, mut tables) = opened(&folder);
        let file = folder.join("b.yaml");
        fs::remove_file(&file).unwrap();
        symlink("nowhere", &file).unwrap();
        assert_eq!(tables.reload(sources.read()).broken, 1);
        assert_eq!(names(&tables), ["a", "b"]);
        fs::remove_file(&file).unwrap();
        fs::create_dir(folder.join("c.yaml")).unwrap();
        let reloaded = tables.reload(sources.read());
        assert_eq!((reloaded.broken, names(&tables)), (0, vec!["a".to_owned()]));
    }

    #[test]
    fn a_device_in_a_files_place_is_not_read() {
        let folder = folder("socket");
        let (mut sources, mut tables) = opened(&folder);
        let file = folder.join("b.yaml");
        fs::remove_file(&file).unwrap();
        symlink("/dev/zero", &file).unwrap();
        let reloaded = tables.reload(sources.read());
        assert_eq!(reloaded.unusable[0].1, "it is no regular file");
        assert_eq!(names(&tables), ["a", "b"]);
    }

    #[test]
    fn while_a_reading_hangs_what_was_read_before_counts_and_it_is_said() {
        let gate = Arc::new(Mutex::new(()));
        let (shut, first) = (gate.lock().unwrap(), BTreeMap::from([("a".to_owned(), File::Read(vec![1]))]));
        let (passing, read) = (Arc::clone(&gate), BTreeMap::from([("a".to_owned(), File::Read(vec![2]))]));
        let mut reader = Reader::of("tables".to_owned(), first.clone(), move || {
            drop(passing.lock());
            read.clone()
        })
        .unwrap();
        assert_eq!(reader.files(), first);
        let hanging = reader.files();
        assert_eq!(hanging.get("a"), first.get("a"));
        assert!(matches!(hanging.get("tables"), Some(File::Unreadable(_))), "{hanging:?}");
        drop(shut);
        while reader.files().get("a") == first.get("a") {
            thread::yield_now();
        }
        assert_eq!(reader.files().len(), 1);
    }
}
