//! Fargate sizes: which vCPU and memory go together.
//!
//! Source: the 74 combinations that were probed against the real API (AWS's task size table for Fargate).
//! The 32 vCPU sizes of late 2026 are left out on purpose: not every region takes them yet.

use std::fmt;

use super::Invalid;

/// vCPU of a task, in ECS CPU units (1024 are one vCPU).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Vcpu(u32);

/// Memory of a task, in MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MemoryMib(u32);

/// A legal pair of vCPU and memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FargateSize {
    /// vCPU in ECS CPU units.
    pub vcpu: Vcpu,
    /// Memory in MiB.
    pub memory: MemoryMib,
}

/// (CPU units, smallest MiB, largest MiB, step in MiB). The smallest size has no even step; see `legal_memory`.
const SIZES: [(u32, u32, u32, u32); 7] = [
    (256, 512, 2048, 0),
    (512, 1024, 4096, 1024),
    (1024, 2048, 8192, 1024),
    (2048, 4096, 16384, 1024),
    (4096, 8192, 30720, 1024),
    (8192, 16384, 61440, 4096),
    (16384, 32768, 122_880, 8192),
];

impl Vcpu {
    /// From CPU units as ECS stores them; any value that ECS reports.
    pub const fn from_units(units: u32) -> Self {
        Self(units)
    }

    /// ECS CPU units.
    pub const fn units(self) -> u32 {
        self.0
    }

    /// From a number of vCPUs as a table states it.
    ///
    /// # Errors
    /// Not one of Fargate's sizes; the hint names the nearest one.
    pub fn from_cpus(cpus: f64) -> Result<Self, Invalid> {
        let legal = Self::sizes();
        let exact = legal.clone().find(|size| (size.cpus() - cpus).abs() < 1e-9);
        exact.ok_or_else(|| {
            let nearest = legal.clone().min_by(|a, b| {
                let distance = |size: &Self| (size.cpus() - cpus).abs();
                distance(a).total_cmp(&distance(b))
            });
            let nearest = nearest.map_or_else(String::new, |size| size.to_string());
            let all = legal.map(|size| size.to_string()).collect::<Vec<_>>().join(", ");
            Invalid::new(
                format!("{cpus} vCPU is not a Fargate size"),
                format!("the nearest is {nearest}; Fargate has {all}"),
            )
        })
    }

    /// Every size that Fargate has, smallest first.
    pub fn sizes() -> impl Iterator<Item = Self> + Clone {
        SIZES.iter().map(|&(units, ..)| Self(units))
    }

    /// vCPUs, as people count them.
    pub fn cpus(self) -> f64 {
        f64::from(self.0) / 1024.0
    }

    /// The memory sizes, in MiB, that Fargate has for this vCPU; empty for a vCPU that Fargate does not have.
    pub fn legal_memory(self) -> Vec<MemoryMib> {
        match SIZES.iter().find(|&&(units, ..)| units == self.0) {
            None => Vec::new(),
            Some(&(256, ..)) => [512, 1024, 2048].map(MemoryMib).to_vec(),
            Some(&(_, least, most, step)) => (least..=most).step_by(step as usize).map(MemoryMib).collect(),
        }
    }
}

impl fmt::Display for Vcpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.cpus())
    }
}

impl MemoryMib {
    /// A number of MiB.
    pub const fn new(mib: u32) -> Self {
        Self(mib)
    }

    /// MiB.
    pub const fn mib(self) -> u32 {
        self.0
    }
}

impl fmt::Display for MemoryMib {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl FargateSize {
    /// A pair that Fargate has.
    ///
    /// # Errors
    /// The memory is not legal for the vCPU; the hint lists the legal ones.
    pub fn new(vcpu: Vcpu, memory: MemoryMib) -> Result<Self, Invalid> {
        let legal = vcpu.legal_memory();
        if legal.contains(&memory) {
            return Ok(Self { vcpu, memory });
        }
        Err(Invalid::new(
            format!("{memory} MiB of memory does not go with {vcpu} vCPU"),
            format!("with {vcpu} vCPU Fargate has {} MiB", said(&legal)),
        ))
    }
}

/// `512, 1024, 2048`, or `1024 to 4096 in steps of 1024` where a list would be long.
fn said(sizes: &[MemoryMib]) -> String {
    match sizes {
        [first, second, .., last] if sizes.len() > 4 => {
            format!("{first} to {last} in steps of {}", second.mib() - first.mib())
        }
        few => few.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::{FargateSize, MemoryMib, SIZES, Vcpu};

    #[test]
    fn fargate_has_seventy_four_sizes() {
        let all: usize = SIZES.iter().map(|&(units, ..)| Vcpu::from_units(units).legal_memory().len()).sum();
        assert_eq!(all, 74);
    }

    #[test]
    fn names_the_nearest_size_for_a_slip() {
        let slip = Vcpu::from_cpus(0.24).unwrap_err();
        assert!(slip.hint.contains("nearest is 0.25"), "{slip}");
        assert_eq!(Vcpu::from_cpus(0.25), Ok(Vcpu::from_units(256)));
    }

    #[test]
    fn lists_the_legal_memory() {
        let wrong = FargateSize::new(Vcpu::from_units(256), MemoryMib::new(768)).unwrap_err();
        assert!(wrong.hint.contains("512, 1024, 2048"), "{wrong}");
        let wrong = FargateSize::new(Vcpu::from_units(1024), MemoryMib::new(2560)).unwrap_err();
        assert!(wrong.hint.contains("2048 to 8192 in steps of 1024"), "{wrong}");
        assert!(FargateSize::new(Vcpu::from_units(8192), MemoryMib::new(17408)).is_err());
    }
}
