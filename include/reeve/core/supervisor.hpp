#pragma once
// The whole supervisor as a pure function of what happened. It reads no clock, makes no syscall and knows no loop:
// the same inputs give the same effects, every time.

#include <reeve/core/address_pool.hpp>
#include <reeve/core/change.hpp>
#include <reeve/core/dependency.hpp>
#include <reeve/core/deployment.hpp>
#include <reeve/core/effect.hpp>
#include <reeve/core/ending.hpp>
#include <reeve/core/event.hpp>
#include <reeve/core/input.hpp>
#include <reeve/core/pod.hpp>
#include <reeve/core/random.hpp>
#include <reeve/core/saved_state.hpp>
#include <reeve/core/selector_index.hpp>
#include <reeve/core/service.hpp>
#include <reeve/core/validate.hpp>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace reeve {

struct SupervisorOptions {
  std::uint64_t seed = 1;
  Isolation default_isolation = Isolation::private_namespaces;  // of pods that name none
  std::string node_name = "localhost";                          // what pods are told of it
  std::string uid_ending = {};      // of every pod's uid: whose processes they are is told by it
  std::uint64_t first_version = 0;  // above all that an earlier reeve gave: who watched that one has missed something
  EndRule end_rule = {};
  std::string service_network = "127.77";  // the first two numbers of their addresses
  std::string pod_network = "127.78";
};

class Supervisor : private Deployment::Owner, private Surroundings {
 public:
  explicit Supervisor(SupervisorOptions options)
      : random_(options.seed),
        default_isolation_(options.default_isolation),
        node_name_(std::move(options.node_name)),
        uid_ending_(std::move(options.uid_ending)),
        pod_ips_(std::move(options.pod_network)),
        service_ips_(std::move(options.service_network)),
        end_rule_(std::move(options.end_rule)),
        versions_(options.first_version) {}
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;
  ~Supervisor() override = default;

  // Takes in one happening, then everything that is due at `now`; returns what is to be done, in order.
  Effects step(Instant now, Input input);

  // What is to outlive reeve; its version moves with each change of it, and in a shutdown nothing but deletions does.
  SavedState save() const;
  std::uint64_t saved_version() const noexcept { return saved_version_; }
  // Before the first step: all that was saved is there again and begins anew.
  Effects restore(Instant now, SavedState saved);

  // For pods that are made from now on.
  void set_default_isolation(Isolation isolation) noexcept { default_isolation_ = isolation; }

  // Looked at after the next step.
  void set_end_rule(EndRule rule) { end_rule_ = std::move(rule); }

  // The earliest instant at which there is something to do; send Ticked then.
  std::optional<Instant> deadline() const noexcept;

  // Looking.
  std::vector<const Pod*> pods() const;  // in the order of their creation
  const Pod* find_pod(const std::string& name_space, const std::string& name) const;
  const std::map<ObjectRef, std::unique_ptr<Deployment>>& deployments() const noexcept { return deployments_; }
  const std::map<ObjectRef, std::unique_ptr<Service>>& services() const noexcept { return services_; }
  const EventLog& events() const noexcept { return events_; }
  const std::string& node_name() const override { return node_name_; }
  bool is_shutting_down() const noexcept { return shutting_down_; }

  // Every visible change of any object has a version, in one sequence. They are kept for take_changes once somebody
  // says that he will call it.
  void keep_changes() noexcept {
    keeps_changes_ = true;
    events_.keep_expired(true);
  }
  std::vector<Change> take_changes() { return std::exchange(changes_, {}); }
  std::uint64_t version() const noexcept { return versions_; }
  std::uint64_t version_of(const Pod& pod) const;
  std::uint64_t version_of(Resource resource, const ObjectRef& object) const;
  const ReplicaSet* find_replica_set(const std::string& name_space, const std::string& name) const;

  // What cannot be of an object's dependencies, among all objects as they would be with it.
  std::vector<FieldError> check_dependencies(const Object& object) const;
  // The same of sockets that are handed over.
  std::vector<FieldError> check_sockets(const Object& object) const;
  // The circle that would be once the files' changes are in force.
  std::optional<DependencyCycle> cycle_after(const FileChanges& changes) const;

  // Inputs that named nobody who still lives.
  std::uint64_t late_inputs() const noexcept { return late_inputs_; }

 private:
  struct Entry {
    std::unique_ptr<Pod> pod;
    std::optional<Instant> timer;
    std::vector<Service*> services;  // those that select it, or did
    std::vector<ServiceId> closed;   // that had it: connections of theirs may live on
    ReplicaSet* owner = nullptr;     // while that exists
    std::vector<OpenLink> links;     // that are open in its network
    std::uint64_t version = 0;       // 0: nobody was told of it yet
    std::size_t fingerprint = 0;
    unsigned standing = 0;
  };

  void answer(Step& step, ObjectApplied& input);
  void answer(Step& step, ObjectDeleted& input);
  void answer(Step& step, SandboxStarted& input);
  void answer(Step& step, SandboxFailed& input);
  void answer(Step& step, SandboxEnded& input);
  void answer(Step& step, ContainerStarted& input);
  void answer(Step& step, ContainerStartFailed& input);
  void answer(Step& step, ContainerExited& input);
  void answer(Step& step, ProbeFinished& input);
  void answer(Step& step, ProcessNotified& input);
  void answer(Step& step, NotifyRefused& input);
  void answer(Step& step, ConnectionRefused& input);
  void answer(Step& step, EndpointDrained& input);
  void answer(Step& step, ListenerFailed& input);
  void answer(Step& step, RestartRequested& input);
  void answer(Step& step, StateNotKept& input);
  void answer(Step& step, StateKeptAgain& input);
  void answer(Step& step, ShutdownRequested& input);
  void answer(Step& step, Ticked& input);

  void apply(Step& step, PodObject object);
  void relabel(Step& step, PodId id, ObjectMeta metadata);
  void apply(Step& step, DeploymentObject object);
  void apply(Step& step, ServiceObject object);
  void put(Step& step, ServiceObject object, ServiceAddresses given, Instant created);
  Service* make_service(Step& step, const ObjectRef& name, ServiceObject object, ServiceAddresses given,
                        Instant created);
  void close(Step& step, const ObjectRef& name, const Service& service);
  ServiceAddresses take_addresses(const ServiceObject& object, const Service* current);
  void give_back_addresses(const Service& service);
  std::vector<std::int32_t> node_ports_for(const ServiceObject& object, const Service* current) const;
  std::int32_t free_node_port(const ServiceObject& object, const ServicePort& port,
                              const std::vector<std::int32_t>& taken) const;

  void create(Step& step, ReplicaSet& owner, ObjectMeta metadata, std::shared_ptr<const PodSpec> spec) override;
  const Pod* find(PodId id) const override;
  void remove(Step& step, PodId id) override;
  std::string fresh_name(const std::string& name_space, const std::string& base) override;
  Isolation default_isolation() const override { return default_isolation_; }
  bool is_taken(const ObjectRef& replica_set) const override;
  void added(ReplicaSet& replica_set) override;
  void changed(const ReplicaSet& replica_set) override;
  void removed(Step& step, std::unique_ptr<ReplicaSet> replica_set) override;
  void changed(const Deployment& deployment) override;
  void end_delay(Step& step, PodId id) override;

  // What was saved (supervisor_saved.cpp).
  std::vector<SavedPod> save_pods() const;
  void restore(Step& step, SavedPod& saved);
  void restore(Step& step, const SavedDeployment& saved);
  void restore(Step& step, SavedService& saved);
  void finish(Step& step);

  // The end (ending.cpp).
  struct Ending {
    int code = 0;
    std::string why;
  };
  std::optional<Ending> ending() const;
  void end_by_itself(Step& step);
  void begin_shutdown(Step& step);

  void create_pod(Step& step, ObjectMeta metadata, std::shared_ptr<const PodSpec> spec, ReplicaSet* owner,
                  const std::string& address_before = {});
  template <class Handler>
  void with_pod(Step& step, PodId id, Handler&& handler) {
    const auto found = entries_.find(id);
    if (found == entries_.end()) {
      late_inputs_ += 1;
      return;
    }
    const std::size_t before = step.effects.size();
    handler(*found->second.pod);
    settle(step, id, before);
  }
  template <class AnyId>
  std::optional<PodId> take(std::unordered_map<AnyId, PodId>& index, AnyId id);
  void remove(Step& step, PodId id, std::optional<Duration> grace);
  LivenessKill liveness_kill(PodId id) const override;
  void settle(Step& step, PodId id, std::size_t before);
  void bury(Step& step, PodId id);
  void take(const Pod& pod);
  void give_back(const Pod& pod);
  Linked linked(const ObjectRef& service) const override;
  const Service* find_service(const ObjectRef& service) const override;
  std::vector<ServiceId> published_by(PodId pod) const override;

  // Dependencies (supervisor_dependencies.cpp).
  std::vector<Unmet> unmet_by(const Pod& pod) const override;
  bool exists(const ObjectRef& object) const;
  DependencyGraph dependencies(const std::vector<ObjectRef>& without) const;
  bool is_met(const ObjectRef& object) const;
  bool passes_sockets_of(const ObjectRef& service) const;
  void add_dependent(const Pod& pod);
  void remove_dependent(const Pod& pod);
  void note_dependency(const ObjectRef& object);
  void wake_dependents(Step& step);
  bool is_depended_on(const Pod& pod) const;
  void leave_in_order(Step& step);
  void update_links(Step& step, Entry& entry);
  void update_links(Step& step, const ObjectRef& service);
  void reschedule(Entry& entry);
  void index_new_ids(const Effects& effects);
  void match_services(Entry& entry);
  void fire_timers(Step& step);
  void wake_deployments(Instant now);
  void reconcile_deployments(Step& step);
  void reschedule(const Deployment& deployment);
  void unschedule(const ObjectRef& deployment);
  void warn_of_overlap(Step& step, const Deployment& deployment);

  // Changes. A pod is looked at once per step, after all that happened to it (supervisor_changes.cpp).
  void note(Resource resource, const ObjectRef& object, ChangeType type, LastSeen last_seen = {});
  void note_step(const Effects& effects);
  void note_pod(Entry& entry);
  void note_dependents(const Entry& entry);
  void note_buried(Entry& entry);
  void note_event(const Event& event, ChangeType type, LastSeen last_seen = {});
  void note_service_gone(std::shared_ptr<const Service> service, const ObjectRef& name);

  Random random_;
  Isolation default_isolation_;
  std::string node_name_;
  std::string uid_ending_;
  std::uint64_t ids_ = 0;
  std::uint64_t late_inputs_ = 0;
  EventLog events_;
  std::map<PodId, Entry> entries_;
  std::map<ObjectRef, PodId> by_name_;
  std::unordered_map<InstanceId, PodId> instances_;
  std::unordered_map<ProbeRunId, PodId> runs_;
  std::set<std::pair<Instant, PodId>> timers_;
  std::map<ObjectRef, std::unique_ptr<Deployment>> deployments_;
  SelectorIndex selectors_;  // of deployments
  std::map<ObjectRef, ReplicaSet*> by_replica_set_;
  std::set<ObjectRef> unsettled_;  // deployments that have to look whether all is as it should be
  std::map<ObjectRef, Instant> deployment_timer_;
  std::set<std::pair<Instant, ObjectRef>> deployment_timers_;
  std::map<ObjectRef, std::unique_ptr<Service>> services_;
  std::map<ServiceId, ObjectRef> service_names_;
  std::set<PodId> fixed_endpoints_;              // identities of what serves without being a pod
  std::map<ObjectRef, std::set<PodId>> linked_;  // who links to a service, whether it exists or not
  AddressPool pod_ips_;
  std::set<std::int32_t> ports_;  // that pods were assigned
  AddressPool service_ips_;
  std::multiset<std::int32_t> node_ports_;     // that services have
  std::map<ObjectRef, PodObject> successors_;  // changed pods that wait for the running one to be gone
  std::size_t effects_indexed_ = 0;
  EndRule end_rule_;
  std::set<PodId> unfinished_;  // pods that have not succeeded or failed
  int exit_code_ = 0;
  std::uint64_t versions_;
  bool keeps_changes_ = false;
  std::vector<Change> changes_;
  std::set<PodId> touched_;                                              // in this step
  std::set<std::pair<Resource, ObjectRef>> shadowed_;                    // changed in this step, or their pods did
  std::map<std::pair<Resource, ObjectRef>, std::uint64_t> versions_of_;  // of all but pods and events
  std::uint64_t saved_version_ = 0;
  std::vector<SavedPod> pods_at_shutdown_;           // they leave, but not for good
  std::map<ObjectRef, std::set<PodId>> dependents_;  // pods that wait for it, or did
  std::set<ObjectRef> changed_dependencies_;         // of them, since anybody looked
  std::set<PodId> to_leave_;                         // at a shutdown, after those that depend on them
  std::vector<PodId> free_to_leave_;                 // of them
  bool shutting_down_ = false;
  bool exited_ = false;
};

}  // namespace reeve
