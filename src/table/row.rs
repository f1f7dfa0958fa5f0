//! One row: its fields, and what they say about each other.
//!
//! What rows say about each other is `check`.

use crate::model::Invalid;
use crate::model::ids::{ContainerName, RowName};
use crate::model::row::{Capacity, Fallback, LogProbe, Row, RowKind, TaskRow};
use crate::model::size::{FargateSize, MemoryMib, Vcpu};

use super::arn::Named;
use super::check::Check;
use super::document::{LogDocument, OsDocument, RowDocument, TaskDocument};

/// How often the start of a task is tried when it never started: image pulls and Spot fail for a minute or two, and
/// what still fails the third time needs a person.
const ATTEMPTS: u32 = 3;

impl Check<'_> {
    /// The row at `path`.
    pub(super) fn row(&mut self, path: &str, document: &RowDocument) -> Option<Row> {
        let name = self.parsed(format!("{path}.name"), document.name.as_deref(), RowName::parse);
        let container = document.container.as_deref();
        let container =
            container.map(|text| self.parsed(format!("{path}.container"), Some(text), ContainerName::parse));
        let kind = self.kind(path, document);
        let vcpu = document.vcpu.map(|cpus| self.valid(&format!("{path}.vcpu"), Vcpu::from_cpus(cpus)));
        let memory = document.memory.map(|mib| self.memory(path, MemoryMib::new(mib), vcpu));
        self.windows(path, document, vcpu.flatten());
        Some(Row {
            name: name?,
            usage: document.usage.clone(),
            notes: document.notes.clone(),
            kind: kind?,
            count: document.count,
            capacity: document.spot.map(|spot| if spot { Capacity::Spot } else { Capacity::OnDemand }),
            vcpu: whole(vcpu)?,
            memory: whole(memory)?,
            container: whole(container)?,
        })
    }

    fn kind(&mut self, path: &str, document: &RowDocument) -> Option<RowKind> {
        let RowDocument { service, task, target_group, count, .. } = document;
        let group = format!("{path}.targetGroup");
        let target_group = target_group.as_ref().map(|found| self.selector(&group, Named::TargetGroup, Some(found)));
        let service =
            service.as_ref().map(|found| self.selector(&format!("{path}.service"), Named::Service, Some(found)));
        let task = task.as_ref().map(|task| self.task(&format!("{path}.task"), task));
        match (service, task) {
            (Some(service), None) => Some(RowKind::Service { service: service?, target_group: whole(target_group)? }),
            (None, Some(task)) => {
                if let Some(count) = count.filter(|count| *count > 0) {
                    let hint = "its task runs once after a rollout and never as a service; write `count: 0`";
                    self.report(&format!("{path}.count"), format!("a task row with a count of {count}"), hint);
                }
                if target_group.is_some() {
                    let hint = "its task runs once and serves nobody; remove it";
                    self.report(&group, "a task row with a target group", hint);
                }
                let falls_back = document.task.as_ref().is_some_and(|task| task.spot_fallback == Some(true));
                if falls_back && document.spot != Some(true) {
                    let hint =
                        "only what begins on Spot can fall back from it; add `spot: true` to the row, or remove it";
                    self.report(
                        &format!("{path}.task.spotFallback"),
                        "a fallback from Spot in a row that is not on Spot",
                        hint,
                    );
                }
                task.map(RowKind::Task)
            }
            // Neither or both: the walk said so.
            (None, None) | (Some(_), Some(_)) => None,
        }
    }

    fn task(&mut self, path: &str, document: &TaskDocument) -> Option<TaskRow> {
        let TaskDocument { definition, service, attempts, spot_fallback, success } = document;
        let definition = self.selector(&format!("{path}.definition"), Named::TaskDefinition, definition.as_ref());
        let service =
            service.as_ref().map(|found| self.selector(&format!("{path}.service"), Named::Service, Some(found)));
        let log = success.as_ref().and_then(|success| success.log.as_ref());
        let probe = log.map(|log| self.log(&format!("{path}.success.log"), log));
        Some(TaskRow {
            definition: definition?,
            service: whole(service)?,
            attempts: attempts.unwrap_or(ATTEMPTS),
            fallback: if *spot_fallback == Some(true) { Fallback::OnDemand } else { Fallback::Never },
            probe: whole(probe)?,
        })
    }

    fn log(&mut self, path: &str, document: &LogDocument) -> Option<LogProbe> {
        let LogDocument { must_contain, must_not_contain } = document;
        let must = must_contain.as_deref().map(|text| self.log_line(&format!("{path}.mustContain"), text));
        let must_not = must_not_contain.as_deref().map(|text| self.log_line(&format!("{path}.mustNotContain"), text));
        if must.is_none() && must_not.is_none() {
            let hint = "add `mustContain: \"…\"` or `mustNotContain: \"…\"`, or remove it";
            self.report(path, "a log that says nothing", hint);
            return None;
        }
        Some(LogProbe { must: whole(must)?, must_not: whole(must_not)? })
    }

    /// A text that can stand in one line of a log.
    fn log_line(&mut self, path: &str, text: &str) -> Option<String> {
        let text = text.trim_end_matches('\n');
        let (problem, hint) = match text {
            "" => ("an empty text", "every line has it; write the words to look for"),
            text if text.contains('\n') => {
                ("a text of several lines", "a log is looked at line by line; choose one line")
            }
            text => return Some(text.to_owned()),
        };
        self.report(path, problem, hint);
        None
    }

    /// Memory must go with the row's vCPU; where the row states none, with any.
    fn memory(&mut self, path: &str, memory: MemoryMib, vcpu: Option<Option<Vcpu>>) -> Option<MemoryMib> {
        let legal = match vcpu {
            Some(Some(vcpu)) => FargateSize::new(vcpu, memory).map(|_| ()),
            // The vCPU is broken itself; what goes with it cannot be said.
            Some(None) => Ok(()),
            None if Vcpu::sizes().any(|vcpu| vcpu.legal_memory().contains(&memory)) => Ok(()),
            None => Err(Invalid::new(
                format!("{memory} MiB of memory is not a Fargate size"),
                "Fargate has 512, and 1024 to 30720 in steps of 1024, and more with 8 and 16 vCPU",
            )),
        };
        self.valid(&format!("{path}.memory"), legal.map(|()| memory))
    }

    /// Source: AWS, Fargate task sizes (Windows has 1, 2 and 4 vCPU) and Fargate capacity providers (no Windows on
    /// Fargate Spot).
    fn windows(&mut self, path: &str, document: &RowDocument, vcpu: Option<Vcpu>) {
        match document.os {
            Some(OsDocument::Windows) => {}
            Some(OsDocument::Linux) | None => return,
        }
        if document.spot == Some(true) {
            let hint = "Fargate Spot has no Windows; write `spot: false`";
            self.report(&format!("{path}.spot"), "a Windows row on Spot", hint);
        }
        if let Some(vcpu) = vcpu.filter(|vcpu| ![1024, 2048, 4096].contains(&vcpu.units())) {
            let hint = "Fargate has Windows with 1, 2 and 4 vCPU";
            self.report(&format!("{path}.vcpu"), format!("a Windows row with {vcpu} vCPU"), hint);
        }
    }
}

/// A field that was left out is fine, one that could not be read is not.
fn whole<T>(field: Option<Option<T>>) -> Option<Option<T>> {
    match field {
        None => Some(None),
        Some(None) => None,
        Some(read) => Some(read),
    }
}
