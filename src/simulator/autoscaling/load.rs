//! What services have to carry, as the keeper of the world says.
//!
//! Owns the three kinds of load and how they spread over tasks: evenly, so that the average is the sum by the number of
//! running tasks.

/// The load of a whole service.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
pub struct Load {
    /// In percent of what one task has: 180 keeps two tasks at 90 %.
    pub cpu: Option<f64>,
    /// The same for memory.
    pub memory: Option<f64>,
    /// Requests per minute.
    pub requests: Option<f64>,
}

impl Load {
    /// The value of one of AWS's predefined metrics with so many tasks running; none if nothing was said, or if there
    /// are no tasks that could report it.
    pub(super) fn metric(self, name: &str, running: i64) -> Option<f64> {
        let total = match name {
            "ECSServiceAverageCPUUtilization" | "ECSServiceAverageCPUUtilizationHighResolution" => self.cpu,
            "ECSServiceAverageMemoryUtilization" | "ECSServiceAverageMemoryUtilizationHighResolution" => self.memory,
            "ALBRequestCountPerTarget" => self.requests,
            _ => None,
        };
        total.filter(|_| running > 0).map(|total| total / running as f64)
    }
}
