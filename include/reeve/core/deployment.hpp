#pragma once
// A deployment keeps its number of pods (pkg/controller/replicaset). Updating them to a new template is not served yet.

#include <reeve/core/pod.hpp>
#include <reeve/core/spec.hpp>

#include <functional>
#include <set>
#include <string>

namespace reeve {

class Deployment {
 public:
  // What the deployment asks of whoever owns the pods.
  class Pods {
   public:
    virtual ~Pods() = default;
    virtual PodId create(Step& step, ObjectMeta metadata, std::shared_ptr<const PodSpec> spec, ObjectRef owner) = 0;
    virtual const Pod* find(PodId id) const = 0;
    virtual void remove(Step& step, PodId id) = 0;
    virtual std::string fresh_name(const std::string& name_space, const std::string& base) = 0;
  };

  Deployment(DeploymentObject object, Instant created);

  const DeploymentObject& object() const noexcept { return object_; }
  Instant created() const noexcept { return created_; }
  ObjectRef replica_set() const;
  const std::set<PodId>& active_pods() const noexcept { return active_; }

  // Takes a changed object with the same template.
  void replace(DeploymentObject object) { object_ = std::move(object); }

  // A pod of its own ended, is leaving or is gone: it counts no longer.
  void pod_inactive(PodId pod) { active_.erase(pod); }

  // Creates or removes pods until their number is right.
  void reconcile(Step& step, Pods& pods);

  // All its pods are to go with it.
  void remove_all(Step& step, Pods& pods);

 private:
  void scale_up(Step& step, Pods& pods, std::size_t missing);
  void scale_down(Step& step, Pods& pods, std::size_t surplus);
  void report_scaling(Step& step, std::string_view direction, std::size_t from, std::size_t to) const;
  void report_pod(Step& step, std::string_view reason, const std::string& message) const;

  DeploymentObject object_;
  Instant created_;
  std::string replica_set_;
  std::string hash_;
  std::shared_ptr<const PodSpec> spec_;
  std::set<PodId> active_;
};

}  // namespace reeve
