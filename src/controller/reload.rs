//! Tables that change under a running controller: which are new, changed or gone, and which stay because their file
//! is broken.
//!
//! Pure: the files are read by whoever runs the controller. A file that is broken, or cannot be read for once, keeps the
//! table that it last held; one that is not there any more gives its table up.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::row::ServiceTable;
use crate::table::{Problems, read, read_all, share_a_service};

/// What became of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum File {
    /// Its bytes.
    Read(Vec<u8>),
    /// It is there and could not be read, because of this.
    Unreadable(String),
}

/// The tables in force, by the files that they came from.
#[derive(Debug, Default)]
pub struct Tables {
    good: Good,
    /// What was last read of each file, to say the same thing once.
    last: BTreeMap<String, File>,
    broken: usize,
}

/// What a reading changed.
#[derive(Debug, Default)]
pub struct Reloaded {
    /// Tables that are new or were edited.
    pub changed: Vec<Arc<ServiceTable>>,
    /// Tables whose files are gone, or hold a table of another name now.
    pub gone: Vec<Arc<ServiceTable>>,
    /// What is wrong in files that were edited; what they held before stays in force.
    pub problems: Vec<Problems>,
    /// Files that cannot be read or taken, and why.
    pub unusable: Vec<(String, String)>,
    /// How many files are broken or unusable now, said before or not.
    pub broken: usize,
    /// How many were before.
    pub were_broken: usize,
}

impl Reloaded {
    /// Whether nothing has changed that is worth a word.
    pub fn is_empty(&self) -> bool {
        let Self { changed, gone, problems, unusable, broken, were_broken } = self;
        changed.is_empty() && gone.is_empty() && problems.is_empty() && unusable.is_empty() && broken == were_broken
    }
}

/// Tables in force, by the file that holds each.
type Good = BTreeMap<String, Arc<ServiceTable>>;

impl Tables {
    /// The tables in force.
    pub fn in_force(&self) -> impl Iterator<Item = &Arc<ServiceTable>> {
        self.good.values()
    }

    /// Takes what all files hold now. Nothing is said of a file that is as it was.
    pub fn reload(&mut self, files: BTreeMap<String, File>) -> Reloaded {
        let mut reloaded = Reloaded { broken: self.broken, were_broken: self.broken, ..Reloaded::default() };
        if files == self.last {
            return reloaded;
        }
        let edited = |name: &str| self.last.get(name) != files.get(name);
        let mut texts: Vec<(&str, &[u8])> = Vec::new();
        for (name, file) in &files {
            match file {
                File::Read(bytes) => texts.push((name, bytes)),
                File::Unreadable(why) if edited(name) => reloaded.unusable.push((name.clone(), why.clone())),
                File::Unreadable(_) => {}
            }
        }
        let read_files = texts.len();
        // What finds what another file's table has in force comes last: that one has the older right, also where it was edited.
        texts.sort_by_cached_key(|(name, bytes)| {
            let others = || self.good.iter().filter(|(other, _)| other != name).map(|(_, held)| held);
            read(name, bytes).is_ok_and(|table| others().any(|held| meet(held, &table)))
        });
        let (mut fresh, problems) = readable(texts);
        reloaded.broken = files.len() - read_files + problems.len();
        reloaded.problems = problems.into_iter().filter(|problems| edited(&problems.file)).collect();
        let (mut next, refused) = self.kept(&files, &mut fresh);
        reloaded.broken += refused.len();
        reloaded.unusable.extend(refused.into_iter().filter(|(name, _)| edited(name)));
        for (name, table) in fresh {
            // As it was, where it is: whoever holds it holds the same.
            let before = self.good.get(&name).filter(|before| ***before == table);
            let table = before.map_or_else(|| Arc::new(table), Arc::clone);
            next.insert(name, table);
        }
        let had: BTreeMap<_, _> = self.good.values().map(|table| (&table.name, table)).collect();
        let has: BTreeMap<_, _> = next.values().map(|table| (&table.name, table)).collect();
        let changed = has.iter().filter(|(name, table)| had.get(*name) != Some(table));
        reloaded.changed = changed.map(|(_, table)| Arc::clone(table)).collect();
        let gone = had.iter().filter(|(name, _)| !has.contains_key(*name));
        reloaded.gone = gone.map(|(_, table)| Arc::clone(table)).collect();
        self.good = next;
        self.last = files;
        self.broken = reloaded.broken;
        reloaded
    }

    /// The tables that stay as they were, since their files hold nothing that can be taken; and of what could be, the files that
    /// are refused because of these, and why. What is refused stays as it was too, and may stand in the way of others.
    fn kept(
        &self,
        files: &BTreeMap<String, File>,
        fresh: &mut BTreeMap<String, ServiceTable>,
    ) -> (Good, Vec<(String, String)>) {
        let (mut next, mut refused) = (BTreeMap::new(), Vec::new());
        let mut kept: Vec<String> = files.keys().filter(|name| !fresh.contains_key(*name)).cloned().collect();
        while let Some(name) = kept.pop() {
            let Some(before) = self.good.get(&name) else { continue };
            for (other, _) in fresh.extract_if(.., |_, table| meet(before, table)) {
                let why =
                    format!("its name or a service is that of table `{}`, which {name} keeps as it was", before.name);
                refused.push((other.clone(), why));
                kept.push(other);
            }
            next.insert(name, Arc::clone(before));
        }
        (next, refused)
    }
}

/// Whether two tables cannot be in force together.
fn meet(one: &ServiceTable, other: &ServiceTable) -> bool {
    one.name == other.name || share_a_service(one, other)
}

/// The tables of the files that are good, and the problems of the others.
fn readable(mut texts: Vec<(&str, &[u8])>) -> (BTreeMap<String, ServiceTable>, Vec<Problems>) {
    let mut problems = Vec::new();
    loop {
        match read_all(&texts) {
            Ok(tables) => {
                let names = texts.iter().map(|(name, _)| (*name).to_owned());
                return (names.zip(tables).collect(), problems);
            }
            Err(found) => {
                texts.retain(|(name, _)| !found.iter().any(|problems| problems.file == *name));
                problems.extend(found);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CGAP: &str = include_str!("../../specs/cgap.yaml");

    fn files(all: &[(&str, &str)]) -> BTreeMap<String, File> {
        all.iter().map(|(name, text)| ((*name).to_owned(), File::Read(text.as_bytes().to_vec()))).collect()
    }

    /// CGAP's table under another name, of a cluster of its own.
    fn named(name: &str) -> String {
        let text = CGAP.replacen("name: cgap-devtest", &format!("name: {name}"), 1);
        text.replacen("CGAPDockerClusterFor*-*", &format!("{name}-*"), 1)
    }

    fn names<'a>(tables: impl IntoIterator<Item = &'a Arc<ServiceTable>>) -> Vec<&'a str> {
        tables.into_iter().map(|table| table.name.as_str()).collect()
    }

    fn broken(reloaded: &Reloaded) -> Vec<&str> {
        reloaded.problems.iter().map(|problems| problems.file.as_str()).collect()
    }

    fn loaded() -> Tables {
        let mut tables = Tables::default();
        tables.reload(files(&[("a.yaml", &named("a")), ("b.yaml", &named("b"))]));
        tables
    }

    #[test]
    fn new_tables_are_told_once() {
        let mut tables = Tables::default();
        let first = tables.reload(files(&[("a.yaml", &named("a"))]));
        assert_eq!(names(&first.changed), ["a"]);
        let again = tables.reload(files(&[("a.yaml", &named("a"))]));
        assert!(again.changed.is_empty() && again.gone.is_empty());
    }

    #[test]
    fn an_edited_table_is_the_only_one_that_changed() {
        let mut tables = loaded();
        let edited = named("b").replacen("count: 4", "count: 5", 1);
        assert_ne!(edited, named("b"));
        let reloaded = tables.reload(files(&[("a.yaml", &named("a")), ("b.yaml", &edited)]));
        assert_eq!((names(&reloaded.changed), reloaded.gone.len()), (vec!["b"], 0));
    }

    #[test]
    fn a_broken_file_keeps_its_last_good_table_and_is_told_once() {
        let mut tables = loaded();
        let broken = files(&[("a.yaml", &named("a")), ("b.yaml", "kind: [")]);
        let reloaded = tables.reload(broken.clone());
        assert_eq!(reloaded.problems.len(), 1);
        assert!(reloaded.changed.is_empty() && reloaded.gone.is_empty());
        assert_eq!(names(tables.in_force()), ["a", "b"]);
        assert!(tables.reload(broken).problems.is_empty());
    }

    #[test]
    fn a_file_that_cannot_be_read_keeps_its_table_too() {
        let mut tables = loaded();
        let mut now = files(&[("a.yaml", &named("a"))]);
        now.insert("b.yaml".to_owned(), File::Unreadable("permission denied".to_owned()));
        let reloaded = tables.reload(now);
        assert_eq!(reloaded.unusable, [("b.yaml".to_owned(), "permission denied".to_owned())]);
        assert_eq!(names(tables.in_force()), ["a", "b"]);
    }

    #[test]
    fn a_file_that_is_gone_gives_its_table_up() {
        let mut tables = loaded();
        let reloaded = tables.reload(files(&[("a.yaml", &named("a"))]));
        assert_eq!((names(&reloaded.gone), names(tables.in_force())), (vec!["b"], vec!["a"]));
    }

    #[test]
    fn a_table_that_moves_to_another_file_is_still_the_same() {
        let mut tables = loaded();
        let reloaded = tables.reload(files(&[("a.yaml", &named("a")), ("moved.yaml", &named("b"))]));
        assert!(reloaded.changed.is_empty() && reloaded.gone.is_empty(), "{reloaded:?}");
    }

    #[test]
    fn a_second_table_of_one_name_is_a_problem_of_its_file_alone() {
        let mut tables = loaded();
        let reloaded =
            tables.reload(files(&[("a.yaml", &named("a")), ("b.yaml", &named("b")), ("c.yaml", &named("a"))]));
        assert_eq!(broken(&reloaded), ["c.yaml"]);
        assert_eq!(names(tables.in_force()), ["a", "b"]);
    }

    #[test]
    fn who_came_first_keeps_its_name_and_its_services_whatever_the_files_are_called() {
        let mut tables = loaded();
        let second = named("a").replacen("name: a", "name: second", 1);
        let mut all = vec![("a.yaml", named("a")), ("b.yaml", named("b"))];
        for newcomer in [named("a"), second] {
            all.push(("0.yaml", newcomer));
            let texts: Vec<(&str, &str)> = all.iter().map(|(name, text)| (*name, text.as_str())).collect();
            let reloaded = tables.reload(files(&texts));
            assert_eq!((broken(&reloaded), reloaded.broken), (vec!["0.yaml"], 1));
            assert_eq!(names(tables.in_force()), ["a", "b"]);
            all.pop();
        }
    }

    #[test]
    fn a_table_that_a_broken_file_keeps_shares_its_services_with_no_newcomer() {
        let mut tables = loaded();
        let second = named("a").replacen("name: a", "name: second", 1);
        let now = files(&[("a.yaml", "kind: ["), ("b.yaml", &named("b")), ("c.yaml", &second)]);
        let reloaded = tables.reload(now);
        assert_eq!((broken(&reloaded), reloaded.broken), (vec!["a.yaml"], 2));
        assert_eq!(reloaded.unusable.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["c.yaml"]);
        assert_eq!(names(tables.in_force()), ["a", "b"]);
        let reloaded = tables.reload(files(&[("b.yaml", &named("b")), ("c.yaml", &second)]));
        assert_eq!((names(&reloaded.changed), names(&reloaded.gone)), (vec!["second"], vec!["a"]));
    }

    /// A row moves from table a to table b; a's file is edited first and has a slip of the pen.
    #[test]
    fn a_table_that_would_share_a_service_with_one_that_a_broken_file_keeps_stays_as_it_was() {
        let mut tables = loaded();
        let grown = named("b").replacen("b-*", "a-*", 1);
        let now = files(&[("a.yaml", "kind: ["), ("b.yaml", &grown)]);
        let reloaded = tables.reload(now);
        assert_eq!(names(&reloaded.gone), Vec::<&str>::new(), "what b's file held before stays in force");
        assert_eq!(names(tables.in_force()), ["a", "b"]);
    }

    /// b takes a service that a still has (refused, said), then a is edited in another respect.
    #[test]
    fn a_file_that_was_refused_does_not_lose_its_table_when_the_other_is_edited() {
        let mut tables = loaded();
        let grown = named("b").replacen("b-*", "a-*", 1);
        let first = tables.reload(files(&[("a.yaml", &named("a")), ("b.yaml", &grown)]));
        assert_eq!((broken(&first), names(&first.gone)), (vec!["b.yaml"], vec![]));
        assert_eq!(names(tables.in_force()), ["a", "b"]);
        let edited = format!("{}\n# a word\n", named("a"));
        let second = tables.reload(files(&[("a.yaml", &edited), ("b.yaml", &grown)]));
        assert_eq!(names(&second.gone), Vec::<&str>::new());
        assert_eq!(names(tables.in_force()), ["a", "b"]);
        assert_eq!(broken(&second), Vec::<&str>::new(), "a is as good as it was");
        // Whatever the files are called: what a has is a's, also with another count.
        let moved = files(&[("a.yaml", &named("a")), ("0.yaml", &named("b"))]);
        tables.reload(moved);
        let other = named("a").replacen("count: 1", "count: 2", 1);
        let third = tables.reload(files(&[("a.yaml", &other), ("0.yaml", &grown)]));
        assert_eq!((broken(&third), names(&third.changed), names(&third.gone)), (vec!["0.yaml"], vec!["a"], vec![]));
    }
}
