#pragma once
// One revision of a deployment: a pod template, how many pods of it there are to be, and the pods there are
// (pkg/controller/replicaset).

#include <reeve/core/deletion_order.hpp>
#include <reeve/core/pod.hpp>
#include <reeve/core/spec.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace reeve {

// Kubernetes' own annotations about revisions (pkg/controller/deployment/util/deployment_util.go).
namespace annotation {
inline constexpr const char* revision = "deployment.kubernetes.io/revision";
inline constexpr const char* revision_history = "deployment.kubernetes.io/revision-history";
inline constexpr const char* desired_replicas = "deployment.kubernetes.io/desired-replicas";
inline constexpr const char* max_replicas = "deployment.kubernetes.io/max-replicas";
inline constexpr const char* change_cause = "kubernetes.io/change-cause";
}  // namespace annotation

// The label that tells the pods of one replica set from those of another.
inline constexpr const char* hash_label = "pod-template-hash";

// True for annotations that belong to one object and are copied neither from a deployment to its replica set nor back.
bool is_internal_annotation(const std::string& key);

struct SavedReplicaSet;

class ReplicaSet {
 public:
  // What a replica set asks of whoever has the pods.
  class Pods {
   public:
    virtual ~Pods() = default;
    virtual void create(Step& step, ReplicaSet& owner, ObjectMeta metadata, std::shared_ptr<const PodSpec> spec) = 0;
    virtual void remove(Step& step, PodId id) = 0;
    virtual const Pod* find(PodId id) const = 0;
    virtual std::string fresh_name(const std::string& name_space, const std::string& base) = 0;
    virtual Isolation default_isolation() const = 0;  // of pods that name none
  };

  // Of the deployment's template as it is now; `name` ends in `hash`.
  ReplicaSet(const DeploymentObject& deployment, Instant deployment_created, std::string name, std::string hash,
             Instant created);
  // As it was before a restart, without pods.
  ReplicaSet(const DeploymentObject& deployment, Instant deployment_created, const SavedReplicaSet& saved);
  SavedReplicaSet save() const;

  const ObjectRef& name() const noexcept { return name_; }
  const std::string& hash() const noexcept { return hash_; }
  const PodTemplate& pod_template() const noexcept { return *template_; }  // without the hash label
  const Labels& selector() const noexcept { return selector_; }            // with it
  Labels labels() const;                                                   // of its pods, and its own
  Instant created() const noexcept { return created_; }
  std::int64_t generation() const noexcept { return generation_; }
  Duration min_ready() const noexcept { return min_ready_; }
  const ObjectRef& deployment() const noexcept { return deployment_; }
  Instant deployment_created() const noexcept { return deployment_created_; }

  // How many pods it is to have.
  std::int64_t size() const noexcept { return size_; }

  // All of them: those of the deployment, and the internal ones that the following stand in.
  const Labels& annotations() const noexcept { return annotations_; }
  std::int64_t revision() const noexcept { return revision_; }
  std::int64_t desired_replicas() const noexcept { return desired_; }
  std::int64_t max_replicas() const noexcept { return max_; }

  // Of its active pods: ended and leaving ones count as nothing but terminating. Kubernetes' fullyLabeledReplicas
  // equals replicas, for labels of pods do not change here.
  struct Counts {
    std::int64_t replicas = 0;
    std::int64_t ready = 0;
    std::int64_t available = 0;
    std::int64_t terminating = 0;  // asked to leave and not gone
    bool operator==(const Counts&) const = default;
  };
  const Counts& counts() const noexcept { return counts_; }

  // Available pods that are being restarted, so that they will not be available for long.
  std::int64_t restarting() const noexcept { return restarting_; }
  bool is_available(PodId pod) const;
  // The next pod to have its delayed liveness kill: first one that is not available anyway.
  struct Doomed {
    PodId pod;
    bool available;
  };
  std::optional<Doomed> next_to_kill() const noexcept;

  // Something of its pods still runs, or may (rolling back on Recreate waits for that).
  bool has_pods_left() const noexcept { return counts_.replicas + counts_.terminating > 0; }

  // --- What the deployment decides. ---

  // Takes the deployment's annotations, and its revision if that is higher; an earlier number goes to the history
  // (SetNewReplicaSetAnnotations).
  void take_annotations(const Labels& of_deployment, std::int64_t revision);
  // Says what the sizes of the deployment were when this one was scaled (SetReplicasAnnotations).
  void take_scale(std::int64_t desired_replicas, std::int64_t max_replicas);
  void resize(std::int64_t size);
  void require_ready_for(Duration min_ready, const Pods& pods, Instant now);

  // Removes pods until there are no more than its size says.
  void trim(Step& step, Pods& pods);
  // What becomes of pods that need one port number, when several may be there at a time.
  enum class Collision {
    none,
    isolated,  // each gets an isolated network
    shared,    // each stays in the host's, for there is no isolation: only one can listen
  };
  // Creates pods until there are as many; copies is how many the deployment may have at a time. Answers a collision
  // when it becomes one.
  Collision grow(Step& step, Pods& pods, std::int64_t copies);
  void remove_all(Step& step, Pods& pods);

  // The order in which pods go is wanted no longer.
  void settle_down() { order_.reset(); }

  // --- What happens to the pods. ---

  // Takes in how a pod of its own is now; true if a count changed.
  bool update(const Pod& pod, Instant now);
  // The pod is gone; true if somebody may wait for that.
  bool forget(PodId pod);
  // Pods that have been ready for long enough become available.
  void ripen(const Pods& pods, Instant now);
  // When the next one will.
  std::optional<Instant> deadline() const noexcept;
  std::vector<PodId> pods() const;

  // Since the last call: something about it that clients see became different.
  bool take_changed() noexcept { return std::exchange(changed_, false); }
  // The same for what is to outlive reeve.
  bool take_unsaved() noexcept { return std::exchange(unsaved_, false); }

 private:
  struct Member {
    bool active = false;
    bool terminating = false;
    bool ready = false;
    bool available = false;
    bool restarting = false;
    bool waits_for_kill = false;
    Instant available_at{};  // or will be, if it stays ready
    bool waits() const noexcept { return ready && !available; }
    bool operator==(const Member&) const = default;
  };

  void set_template(PodTemplate pod_template);
  void annotate(const std::string& key, std::string value);
  Member look_at(const Pod& pod, Instant now) const;
  void exchange(PodId pod, Member& member, const Member& now);
  void count(const Member& member, int sign) noexcept;
  void create(Step& step, Pods& pods, const std::shared_ptr<const PodSpec>& spec);
  Collision collision(const Pods& pods, std::int64_t copies) const;
  void report(Step& step, std::string_view reason, const std::string& message) const;

  ObjectRef name_;
  std::string hash_;
  ObjectRef deployment_;
  Instant deployment_created_;
  Instant created_;
  std::shared_ptr<const PodTemplate> template_;
  std::shared_ptr<const PodSpec> isolated_;  // its spec with an isolated network, once a pod needed that
  bool has_fixed_port_ = false;              // and no network is named
  Collision told_ = Collision::none;
  Labels selector_;
  Labels annotations_;
  std::int64_t revision_ = 0;
  std::int64_t desired_ = 0;
  std::int64_t max_ = 0;
  std::int64_t size_ = 0;
  std::int64_t generation_ = 1;
  Duration min_ready_;
  bool changed_ = false;
  bool unsaved_ = false;
  Counts counts_;
  std::map<PodId, Member> pods_;
  std::int64_t restarting_ = 0;
  std::set<std::pair<Instant, PodId>> ripening_;
  std::set<std::pair<bool, PodId>> waiting_for_kill_;  // those that are not available first
  std::unique_ptr<DeletionOrder> order_;               // while pods go
};

}  // namespace reeve
