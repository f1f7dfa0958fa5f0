//! The doors of ECS: API operations by name, timers that are due, and news from the load balancers.
//!
//! Owns the dispatch only; every operation and every timer has its own file.
//!
//! Divergence from AWS: operations that are not listed here do not exist.

use serde_json::{Value, json};

use super::app::App;
use super::input::Input;
use super::state::{Ecs, Scene};
use super::timers::{Step, Timer};
use crate::simulator::elb::{ElbEvent, TargetId};
use crate::simulator::error::ApiError;
use crate::simulator::time::Time;

impl Ecs {
    /// Answers one call.
    ///
    /// # Errors
    ///
    /// AWS's own; `UnknownOperationException` for what is not simulated.
    pub fn handle(&mut self, scene: &mut Scene<'_>, operation: &str, input: &Value) -> Result<Value, ApiError> {
        let input = Input(input);
        self.settle_in(scene.place);
        match operation {
            "CreateCluster" => self.create_cluster(scene, input),
            "DescribeClusters" => self.describe_clusters(scene, input),
            "ListClusters" => self.list_clusters(scene, input),
            "UpdateCluster" => self.update_cluster(scene, input),
            "UpdateClusterSettings" => self.update_cluster_settings(scene, input),
            "DeleteCluster" => self.delete_cluster(scene, input),
            "PutClusterCapacityProviders" => self.put_providers(scene, input),
            "CreateCapacityProvider" => self.create_capacity_provider(scene, input),
            "DescribeCapacityProviders" => self.describe_capacity_providers(scene, input),
            "UpdateCapacityProvider" => self.update_capacity_provider(scene, input),
            "DeleteCapacityProvider" => self.delete_capacity_provider(scene, input),
            "RegisterTaskDefinition" => self.register_task_definition(scene, input),
            "DescribeTaskDefinition" => self.describe_task_definition(input),
            "DeregisterTaskDefinition" => self.deregister_task_definition(scene, input),
            "ListTaskDefinitions" => self.list_task_definitions(input),
            "ListTaskDefinitionFamilies" => self.list_families(input),
            "DeleteTaskDefinitions" => self.delete_task_definitions(scene, input),
            "CreateService" => self.create_service(scene, input),
            "UpdateService" => self.update_service(scene, input),
            "DeleteService" => self.delete_service(scene, input),
            "DescribeServices" => self.describe_services(scene, input),
            "ListServices" => self.list_services(scene, input),
            "CreateTaskSet" => self.create_task_set(scene, input),
            "DescribeTaskSets" => self.describe_task_sets(scene, input),
            "UpdateTaskSet" => self.update_task_set(scene, input),
            "UpdateServicePrimaryTaskSet" => self.update_primary_task_set(scene, input),
            "DeleteTaskSet" => self.delete_task_set(scene, input),
            "ListServicesByNamespace" => self.list_services_by_namespace(scene, input),
            "ListServiceDeployments" => self.list_service_deployments(scene, input),
            "DescribeServiceDeployments" => self.describe_service_deployments(scene, input),
            "DescribeServiceRevisions" => self.describe_service_revisions(scene, input),
            "StopServiceDeployment" => self.stop_service_deployment(scene, input),
            "RunTask" => self.run_task(scene, input),
            "StartTask" => self.start_task(scene, input),
            "StopTask" => self.stop_task(scene, input),
            "ListTasks" => self.list_tasks(scene, input),
            "DescribeTasks" => self.describe_tasks(scene, input),
            "ExecuteCommand" => self.execute_command(input),
            "UpdateTaskProtection" => self.update_task_protection(scene, input),
            "GetTaskProtection" => self.get_task_protection(scene, input),
            "RegisterContainerInstance" => self.register_container_instance(scene, input),
            "DeregisterContainerInstance" => self.deregister_container_instance(scene, input),
            "ListContainerInstances" => self.list_container_instances(scene, input),
            "DescribeContainerInstances" => self.describe_container_instances(scene, input),
            "UpdateContainerInstancesState" => self.update_container_instances_state(scene, input),
            "DiscoverPollEndpoint" => self.discover_poll_endpoint(scene, input),
            "PutAttributes" => self.put_attributes(scene, input),
            "ListAttributes" => self.list_attributes(scene, input),
            "DeleteAttributes" => self.delete_attributes(scene, input),
            "PutAccountSetting" => self.put_account_setting(scene, input),
            "PutAccountSettingDefault" => self.put_account_setting_default(scene, input),
            "ListAccountSettings" => self.list_account_settings(scene, input),
            "DeleteAccountSetting" => self.delete_account_setting(scene, input),
            "TagResource" => self.tag_resource(scene, input),
            "UntagResource" => self.untag_resource(scene, input),
            "ListTagsForResource" => self.list_tags(scene, input),
            _ => Err(ApiError::unknown_operation()),
        }
    }

    /// When something happens next by itself.
    pub fn next_event(&self) -> Option<Time> {
        self.timers.next()
    }

    /// Lets everything happen that is due at this moment.
    pub fn fire_due(&mut self, scene: &mut Scene<'_>) {
        while let Some(timer) = self.timers.take_due(scene.now) {
            match timer {
                Timer::Tick(service) => self.tick(scene, service),
                Timer::Steady(service) => self.repeat_steady(scene, service),
                Timer::Register(service) => self.register(scene, service),
                Timer::Drain(tasks) => self.drain(scene, &tasks),
                Timer::Task(task, step) => self.step(scene, &task, step),
            }
        }
    }

    /// A target changed its state: the services whose tasks it belongs to are woken.
    pub fn target_changed(&mut self, scene: &mut Scene<'_>, event: &ElbEvent) {
        let is_at = |target: &(String, u16)| target.0 == event.target_group && target.1 == event.port;
        let found = match &event.target {
            TargetId::Ip(ip) => self.by_address.get(ip).and_then(|id| self.tasks.get(id)),
            TargetId::Named(_) => None,
        };
        let found = found.filter(|task| task.targets.iter().any(is_at));
        let (task, service) = match found {
            Some(task) => (Some(scene.place.task(&task.cluster, &task.id)), task.service()),
            None => (None, None),
        };
        let ElbEvent { time: _, target_group, target, port, from, to, reason } = event;
        let fields = json!({
            "targetGroup": target_group, "ip": target.to_string(), "port": port, "task": task,
            "from": from, "to": to, "reason": reason,
        });
        scene.note("target.state", fields);
        if let Some(service) = service {
            self.wake(scene, service);
        }
    }

    /// How containers of a subject behave from now on, see [`App`].
    pub fn set_app(&mut self, subject: &str, app: App) {
        self.apps.set(subject, app);
    }

    /// How many milliseconds containers of a subject take to end after SIGTERM, from now on.
    pub fn set_exit_after_sigterm(&mut self, subject: &str, ms: i64) {
        self.apps.set_exit(subject, ms);
    }

    /// Whether FARGATE_SPOT can place tasks.
    pub fn set_spot_capacity(&mut self, available: bool) {
        self.spot_is_out = !available;
    }

    /// Whether Fargate, on demand or Spot, can place tasks in an availability zone.
    pub fn set_zone_capacity(&mut self, scene: &mut Scene<'_>, zone: &str, available: bool) {
        match available {
            true => self.dry_zones.remove(zone),
            false => self.dry_zones.insert(zone.to_owned()),
        };
        scene.note("zone.capacity", json!({"zone": zone, "available": available}));
        self.wake_all(scene);
    }

    /// Takes a Spot task back, with two minutes' notice. False if there is no such live Spot task.
    pub fn reclaim_spot(&mut self, scene: &mut Scene<'_>, task: &str) -> bool {
        let id = crate::simulator::arn::last_part(task);
        let found = self.tasks.get(id).is_some_and(|task| task.is_spot() && task.is_live());
        if found {
            self.reclaim(scene, id);
        }
        found
    }

    fn step(&mut self, scene: &mut Scene<'_>, task: &str, step: Step) {
        match step {
            Step::Connected => self.connect(scene, task),
            Step::PullStarts => self.start_pull(scene, task),
            Step::PullEnds => self.end_pull(scene, task),
            Step::Starts => self.start_containers(scene, task),
            Step::Activated => self.activated(scene, task),
            Step::Serves => self.serve(scene, task),
            Step::HealthChecked => self.check_health(scene, task),
            Step::AppExits => self.app_exits(scene, task),
            Step::Terminate => self.terminate(scene, task),
            Step::Exited => self.exited(scene, task),
            Step::Released => self.release(scene, task),
            Step::Forgotten => {
                self.tasks.remove(task);
            }
        }
    }
}
