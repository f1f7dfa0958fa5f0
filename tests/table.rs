//! What people see when they hand in a table, good or bad: through the crate's public door only.

mod table {
    mod documents;
    mod fields;
    mod good;
    mod hostile;
    mod output;
    mod rows;

    use evenkeel::table::{Problem, Problems, read};

    /// The first nine lines of a good table; the rows start on line 10.
    const HEAD: &str = "apiVersion: evenkeel.dev/v1
kind: ServiceTable
metadata:
  name: web
spec:
  account: \"123456789012\"
  region: us-east-1
  cluster: { name: main }
  rows:
";

    /// A table of these rows.
    fn with_rows(rows: &str) -> String {
        format!("{HEAD}{rows}")
    }

    /// A good table with one row, in which one line stands instead of another.
    fn with(line: &str, instead: &str) -> String {
        let good = with_rows("    - name: web\n      service: { name: web }\n      count: 2\n");
        assert!(good.contains(line), "the good table has no line {line:?}");
        good.replacen(line, instead, 1)
    }

    fn problems(yaml: impl AsRef<[u8]>) -> Problems {
        match read("web.yaml", yaml.as_ref()) {
            Ok(table) => panic!("this should not be a table: {table:#?}"),
            Err(problems) => problems,
        }
    }

    /// The one problem that a text has.
    #[track_caller]
    fn only(yaml: impl AsRef<[u8]>) -> Problem {
        let problems = problems(yaml);
        match problems.list.as_slice() {
            [only] => only.clone(),
            _ => panic!("expected one problem:\n{problems}"),
        }
    }

    /// A text has one problem: at this place, saying this, with this way out.
    #[track_caller]
    fn check(yaml: impl AsRef<[u8]>, place: &str, problem: &str, hint: &str) {
        let found = only(yaml);
        let said = format!("{}:{}: {}; {}", found.line, found.column, found.problem, found.hint);
        assert_eq!(format!("{}:{}", found.line, found.column), place, "{said}");
        assert!(found.problem.contains(problem), "{said}");
        assert!(found.hint.contains(hint), "{said}");
    }
}
