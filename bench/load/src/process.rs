//! What processes have used, as the kernel counts it. It must not know what they do.

use std::fs;
use std::time::Duration;

use crate::failure::{Failure, Outcome};

/// The time that these processes have spent on a core since they started, to the nanosecond, the kernel's work on their
/// behalf included.
pub fn time_used(processes: &[u32]) -> Outcome<Duration> {
    let mut nanoseconds = 0;
    for process in processes {
        let folder = format!("/proc/{process}/task");
        let tasks = fs::read_dir(&folder).map_err(|_| gone(*process))?;
        for task in tasks.flatten() {
            // A thread may end between the two calls.
            let text = fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
            nanoseconds += text.split(' ').next().and_then(|word| word.parse::<u64>().ok()).unwrap_or(0);
        }
    }
    Ok(Duration::from_nanos(nanoseconds))
}

/// The memory of these processes that is in RAM, in bytes. The kernel's own buffers are not in it.
pub fn memory(processes: &[u32]) -> Outcome<u64> {
    let mut bytes = 0;
    for process in processes {
        let status = fs::read_to_string(format!("/proc/{process}/status")).map_err(|_| gone(*process))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kibibytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
        bytes += kibibytes.unwrap_or(0) * 1024;
    }
    Ok(bytes)
}

/// The time that this process has used itself.
pub fn own_time() -> Outcome<Duration> {
    time_used(&[std::process::id()])
}

/// The time that a core was busy, with whatever, since the machine started. The kernel counts it in hundredths of seconds.
pub fn core_busy(core: u32) -> Duration {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let name = format!("cpu{core} ");
    let fields = stat.lines().find_map(|line| line.strip_prefix(&name)).unwrap_or_default();
    let times: Vec<u64> = fields.split(' ').map(|field| field.parse().unwrap_or(0)).collect();
    // user, nice, system, idle, waiting for a disk, interrupts, soft interrupts, stolen by other machines.
    let idle: u64 = times.iter().skip(3).take(2).sum();
    let all: u64 = times.iter().take(8).sum();
    Duration::from_millis(10 * (all - idle))
}

fn gone(process: u32) -> Failure {
    Failure::new(format!("the server's process {process} is gone"))
}
