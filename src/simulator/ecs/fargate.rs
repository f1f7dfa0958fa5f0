//! The sizes that Fargate has.
//!
//! Owns the legal combinations of CPU units and MiB, and the ways to write them in a task definition. Source: the
//! Fargate table of the developer guide, each combination probed against AWS in August 2026.
//!
//! Divergence from AWS: which of its two messages AWS gives for an unknown CPU value is not known; this gives the
//! newer one. Windows is not distinguished.

use serde_json::Value;

use super::input::client_error;
use crate::simulator::error::ApiError;

/// CPU units, then the MiB from, to and in steps of.
const SIZES: [(i64, i64, i64, i64); 6] = [
    (512, 1024, 4096, 1024),
    (1024, 2048, 8192, 1024),
    (2048, 4096, 16384, 1024),
    (4096, 8192, 30720, 1024),
    (8192, 16384, 61440, 4096),
    (16384, 32768, 122_880, 8192),
];

/// Memory of the smallest size, whose steps are uneven.
const SMALLEST: [i64; 3] = [512, 1024, 2048];

/// Memory of 32 vCPU, which not every region had in 2026.
const LARGEST: [i64; 3] = [61440, 122_880, 249_856];

/// Whether Fargate has this size. `cpu` in CPU units, `memory` in MiB.
pub(super) fn exists(cpu: i64, memory: i64, with_32_vcpu: bool) -> bool {
    match cpu {
        256 => SMALLEST.contains(&memory),
        32768 => with_32_vcpu && LARGEST.contains(&memory),
        _ => SIZES.iter().any(|&(units, from, to, step)| {
            units == cpu && (from..=to).contains(&memory) && (memory - from) % step == 0
        }),
    }
}

/// Checks the size of a Fargate task and returns it as AWS stores it, in CPU units and MiB.
///
/// # Errors
///
/// `ClientException` if one is missing, or if there is no such size.
pub(super) fn check(cpu: &Value, memory: &Value, with_32_vcpu: bool) -> Result<(String, String), ApiError> {
    let absent = |key: &str| client_error(format!("Fargate requires that '{key}' be defined at the task level."));
    let cpu = cpu.as_str().ok_or_else(|| absent("cpu"))?;
    let memory = memory.as_str().ok_or_else(|| absent("memory"))?;
    match (units(cpu, "vcpu"), units(memory, "gb")) {
        (Some(cpu), Some(memory)) if exists(cpu, memory, with_32_vcpu) => Ok((cpu.to_string(), memory.to_string())),
        (Some(_) | None, Some(_) | None) => Err(client_error("No Fargate configuration exists for given values.")),
    }
}

/// `1024`, `1 vCPU`, `.5 vcpu`, `2GB`: whole units, of which a vCPU and a GB have 1024.
fn units(text: &str, large_unit: &str) -> Option<i64> {
    let lower = text.trim().to_ascii_lowercase();
    let Some(number) = lower.strip_suffix(large_unit) else {
        return lower.parse().ok();
    };
    let units = number.trim().parse::<f64>().ok()? * 1024.0;
    (units.fract() == 0.0 && (0.0..1e9).contains(&units)).then_some(units as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn has_seventy_four_sizes() {
        let all = (1..=128).map(|n| n * 256).flat_map(|cpu| (1..=240).map(move |n| (cpu, n * 512)));
        assert_eq!(all.filter(|&(cpu, memory)| exists(cpu, memory, false)).count(), 74);
    }

    #[track_caller]
    fn check_size(cpu: &str, memory: &str, stored: Option<(&str, &str)>) {
        let checked = check(&json!(cpu), &json!(memory), false).ok();
        assert_eq!(checked, stored.map(|(cpu, memory)| (cpu.to_owned(), memory.to_owned())));
    }

    #[test]
    fn reads_every_way_to_write_a_size() {
        check_size("256", "512", Some(("256", "512")));
        check_size(".25 vCPU", "0.5GB", Some(("256", "512")));
        check_size("1 vcpu", "2 GB", Some(("1024", "2048")));
        check_size(".24 vCPU", "512", None);
        check_size("1024", "2560", None);
        check_size("32768", "61440", None);
    }
}
