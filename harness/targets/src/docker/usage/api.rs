//! What the daemon says about a container, for where its files are not at hand.

use std::{collections::HashMap, time::Duration};

use bollard::{
    Docker,
    models::{ContainerMemoryStats, ContainerNetworkStats, ContainerStatsResponse},
    query_parameters::StatsOptions,
};
use futures_util::TryStreamExt as _;

use super::reading::Reading;
use crate::usage::InterfaceBytes;

const SOURCE: &str = "docker-api";

/// Asks once; `None` if there is no answer or the container does not run.
pub(crate) async fn read(api: &Docker, container: &str) -> Option<Reading> {
    let options = StatsOptions { stream: false, one_shot: true };
    let mut answers = std::pin::pin!(api.stats(container, Some(options)));
    reading(&answers.try_next().await.ok()??)
}

fn reading(stats: &ContainerStatsResponse) -> Option<Reading> {
    let memory = stats.memory_stats.as_ref()?;
    let memory_bytes = working_set_bytes(memory)?;
    let cpu_ns = stats.cpu_stats.as_ref()?.cpu_usage.as_ref()?.total_usage?;
    Some(Reading {
        cpu: Some((Duration::from_nanos(cpu_ns), SOURCE)),
        memory_bytes: Some((memory_bytes, SOURCE)),
        charged_peak_bytes: memory.max_usage.map(|n_bytes| (n_bytes, SOURCE)),
        interface: stats.networks.as_ref().map(sum_of_interfaces),
    })
}

/// The first name is that of control groups version 1, which has both.
fn working_set_bytes(memory: &ContainerMemoryStats) -> Option<u64> {
    let fields = memory.stats.as_ref()?;
    let inactive = ["total_inactive_file", "inactive_file"];
    let inactive_bytes = inactive.iter().find_map(|name| fields.get(*name))?;
    Some(memory.usage?.saturating_sub(*inactive_bytes))
}

fn sum_of_interfaces(interfaces: &HashMap<String, ContainerNetworkStats>) -> InterfaceBytes {
    let sum = |bytes: fn(&ContainerNetworkStats) -> Option<u64>| {
        interfaces.values().filter_map(bytes).sum()
    };
    InterfaceBytes {
        sent_bytes: sum(|interface| interface.tx_bytes),
        received_bytes: sum(|interface| interface.rx_bytes),
        source: SOURCE.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, expected: Option<&Reading>) {
        assert_eq!(reading(&serde_json::from_str(json).unwrap()).as_ref(), expected);
    }

    fn expected(working_set_bytes: u64, charged_peak_bytes: Option<u64>) -> Option<Reading> {
        Some(Reading {
            cpu: Some((Duration::from_millis(2500), SOURCE)),
            memory_bytes: Some((working_set_bytes, SOURCE)),
            charged_peak_bytes: charged_peak_bytes.map(|n_bytes| (n_bytes, SOURCE)),
            interface: Some(InterfaceBytes {
                sent_bytes: 900,
                received_bytes: 700,
                source: SOURCE.to_owned(),
            }),
        })
    }

    #[test]
    fn an_answer_about_version_1_groups_is_read() {
        let json = r#"{"cpu_stats": {"cpu_usage": {"total_usage": 2500000000}},
            "memory_stats": {"usage": 10000, "max_usage": 12000, "limit": 99999,
                "stats": {"inactive_file": 1000, "total_inactive_file": 3000}},
            "networks": {"eth0": {"rx_bytes": 700, "tx_bytes": 900}}}"#;
        check(json, expected(7000, Some(12_000)).as_ref());
    }

    #[test]
    fn an_answer_about_version_2_groups_is_read() {
        let json = r#"{"cpu_stats": {"cpu_usage": {"total_usage": 2500000000}},
            "memory_stats": {"usage": 10000, "limit": 99999,
                "stats": {"active_file": 500, "inactive_file": 1000}},
            "networks": {"eth0": {"rx_bytes": 700, "tx_bytes": 900}}}"#;
        check(json, expected(9000, None).as_ref());
    }

    #[test]
    fn a_container_that_does_not_run_has_no_reading() {
        let json = r#"{"cpu_stats": {"cpu_usage": {"total_usage": 0}}, "memory_stats": {}}"#;
        check(json, None);
    }
}
