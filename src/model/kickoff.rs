//! Foursight's own note of the last kick, as it stands in five tags of a cluster.
//!
//! | tag | says |
//! |---|---|
//! | `last_redeploy_kickoff_at` | when, as `2026-11-22 20:00:00 UTC`; newer than every task, and Foursight's page says "updating" |
//! | `last_redeploy_kickoff_by` | who |
//! | `last_redeploy_kickoff_repo`, `_commit`, `_branch` | what the newest image was built from |
//!
//! Source: foursight-core, `react/api/aws_ecs_services.py`, which writes `unknown` for what it does not know. Decides
//! nothing: when they are written is `plan/request`'s.

use super::tags;
use super::time::Timestamp;

/// What an image was built from, as far as whoever asks for a rollout says so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Build {
    /// The repository.
    pub repo: Option<String>,
    /// The commit.
    pub commit: Option<String>,
    /// The branch.
    pub branch: Option<String>,
}

/// The tags' keys, in the order of `values`.
pub const KEYS: [&str; 5] = [
    "last_redeploy_kickoff_at",
    "last_redeploy_kickoff_by",
    "last_redeploy_kickoff_repo",
    "last_redeploy_kickoff_commit",
    "last_redeploy_kickoff_branch",
];

/// The tags of a kick that is asked for at this moment, each under its key.
pub fn tags(at: Timestamp, by: Option<&str>, Build { repo, commit, branch }: &Build) -> [(&'static str, String); 5] {
    let [key_at, key_by, key_repo, key_commit, key_branch] = KEYS;
    let told = |text: Option<&str>| tags::some_free(text, tags::LONGEST).unwrap_or_else(|| "unknown".to_owned());
    [
        (key_at, at.to_string().replace('T', " ").replace('Z', " UTC")),
        (key_by, told(by)),
        (key_repo, told(repo.as_deref())),
        (key_commit, told(commit.as_deref())),
        (key_branch, told(branch.as_deref())),
    ]
}

#[cfg(test)]
mod tests {
    use super::{Build, tags};
    use crate::model::time::Timestamp;

    #[test]
    fn the_tags_are_as_foursight_writes_them() {
        let build = Build { repo: Some("https://github.com/dbmi-bgm/cgap-portal".to_owned()), ..Build::default() };
        let tags = tags(Timestamp::from_millis(1_795_377_730_562), Some("Ada <ada@example.org>"), &build);
        let values: Vec<&str> = tags.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(values[0], "2026-11-22 20:02:10 UTC");
        assert_eq!(values[1], "Ada ada@example.org");
        assert_eq!(values[2..], ["https://github.com/dbmi-bgm/cgap-portal", "unknown", "unknown"]);
    }
}
