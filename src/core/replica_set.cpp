#include <reeve/core/fixed_port.hpp>
#include <reeve/core/replica_set.hpp>

#include <algorithm>
#include <array>

namespace reeve {
namespace {

// At most so much of the numbers a revision once had is kept (maxRevHistoryLengthInChars).
constexpr std::size_t history_length_max = 2000;

// The history with one more number, the oldest cut.
std::string with_revision(std::string history, const std::string& number) {
  if (history.empty()) return number;
  while (history.size() + 1 + number.size() > history_length_max) {
    const std::size_t comma = history.find(',');
    if (comma == std::string::npos) return history;
    history.erase(0, comma + 1);
  }
  return history + ',' + number;
}

}  // namespace

bool is_internal_annotation(const std::string& key) {
  constexpr std::array<std::string_view, 6> internal{
      "kubectl.kubernetes.io/last-applied-configuration",
      annotation::revision,
      annotation::revision_history,
      annotation::desired_replicas,
      annotation::max_replicas,
      "deprecated.deployment.rollback.to",
  };
  return std::ranges::find(internal, key) != internal.end();
}

ReplicaSet::ReplicaSet(const DeploymentObject& deployment, Instant deployment_created, std::string name,
                       std::string hash, Instant created)
    : name_{Kind::replica_set, deployment.metadata.name_space, std::move(name)},
      hash_(std::move(hash)),
      deployment_{Kind::deployment, deployment.metadata.name_space, deployment.metadata.name},
      deployment_created_(deployment_created),
      created_(created),
      selector_(deployment.spec.selector.match_labels),
      min_ready_(deployment.spec.min_ready) {
  set_template(deployment.spec.pod_template);
  selector_[hash_label] = hash_;
}

void ReplicaSet::set_template(PodTemplate pod_template) {
  template_ = std::make_shared<const PodTemplate>(std::move(pod_template));
  has_fixed_port_ = !template_->spec.network && fixed_port(template_->spec).has_value();
}

Labels ReplicaSet::labels() const {
  Labels labels = template_->metadata.labels;
  labels[hash_label] = hash_;
  return labels;
}

// --- What the deployment decides. ---

void ReplicaSet::annotate(const std::string& key, std::string value) {
  std::string& current = annotations_[key];
  if (current == value) return;
  current = std::move(value);
  changed_ = unsaved_ = true;
}

void ReplicaSet::take_annotations(const Labels& of_deployment, std::int64_t revision) {
  for (const auto& [key, value] : of_deployment) {
    if (!is_internal_annotation(key)) annotate(key, value);
  }
  if (revision <= revision_) return;
  if (revision_ != 0) {
    annotate(annotation::revision_history,
             with_revision(annotations_[annotation::revision_history], std::to_string(revision_)));
  }
  revision_ = revision;
  annotate(annotation::revision, std::to_string(revision));
}

void ReplicaSet::take_scale(std::int64_t desired_replicas, std::int64_t max_replicas) {
  desired_ = desired_replicas;
  max_ = max_replicas;
  annotate(annotation::desired_replicas, std::to_string(desired_));
  annotate(annotation::max_replicas, std::to_string(max_));
}

void ReplicaSet::resize(std::int64_t size) {
  if (size == size_) return;
  size_ = size;
  generation_ += 1;
  changed_ = unsaved_ = true;
}

void ReplicaSet::require_ready_for(Duration min_ready, const Pods& pods, Instant now) {
  if (min_ready == min_ready_) return;
  min_ready_ = min_ready;
  generation_ += 1;
  changed_ = unsaved_ = true;
  for (const PodId each : this->pods()) update(*pods.find(each), now);
}

ReplicaSet::Collision ReplicaSet::collision(const Pods& pods, std::int64_t copies) const {
  if (!has_fixed_port_ || copies <= 1) return Collision::none;
  const Isolation isolation = template_->spec.isolation.value_or(pods.default_isolation());
  return isolation == Isolation::none ? Collision::shared : Collision::isolated;
}

ReplicaSet::Collision ReplicaSet::grow(Step& step, Pods& pods, std::int64_t copies) {
  if (counts_.replicas >= size_) return Collision::none;
  const Collision collision = this->collision(pods, copies);
  if (collision == Collision::isolated && isolated_ == nullptr) {
    auto isolated = std::make_shared<PodSpec>(template_->spec);
    isolated->network = Network::isolated;
    isolated_ = std::move(isolated);
  }
  const std::shared_ptr<const PodSpec> own(template_, &template_->spec);
  while (counts_.replicas < size_) create(step, pods, collision == Collision::isolated ? isolated_ : own);
  if (collision == Collision::none || collision == told_) return Collision::none;
  return told_ = collision;
}

void ReplicaSet::create(Step& step, Pods& pods, const std::shared_ptr<const PodSpec>& spec) {
  ObjectMeta metadata = template_->metadata;
  metadata.name_space = name_.name_space;
  metadata.name = pods.fresh_name(name_.name_space, name_.name + "-");
  metadata.labels[hash_label] = hash_;
  report(step, "SuccessfulCreate", "Created pod: " + metadata.name);
  pods.create(step, *this, std::move(metadata), spec);
}

void ReplicaSet::trim(Step& step, Pods& pods) {
  if (counts_.replicas <= size_) return;
  if (order_ == nullptr) {
    order_ = std::make_unique<DeletionOrder>();
    for (const auto& [id, member] : pods_) {
      if (member.active) order_->put(*pods.find(id), member.available, step.now);
    }
  }
  for (const PodId each : order_->first(static_cast<std::size_t>(counts_.replicas - size_), step.now)) {
    report(step, "SuccessfulDelete", "Deleted pod: " + pods.find(each)->metadata().name);
    pods.remove(step, each);
  }
}

void ReplicaSet::remove_all(Step& step, Pods& pods) {
  for (const PodId each : this->pods()) {
    if (!pods.find(each)->is_terminating()) pods.remove(step, each);
  }
}

void ReplicaSet::report(Step& step, std::string_view reason, const std::string& message) const {
  step.report({.object = name_,
               .field_path = {},
               .type = EventType::normal,
               .reason = reason,
               .message = message,
               .source = source::replicaset_controller});
}

// --- What happens to the pods. ---

void ReplicaSet::count(const Member& member, int sign) noexcept {
  if (member.active) counts_.replicas += sign;
  if (member.ready) counts_.ready += sign;
  if (member.available) counts_.available += sign;
  if (member.available && member.restarting) restarting_ += sign;
  if (member.terminating) counts_.terminating += sign;
}

ReplicaSet::Member ReplicaSet::look_at(const Pod& pod, Instant now) const {
  Member member;
  member.active = pod.is_active();
  member.terminating = pod.is_terminating() && !is_final(pod.phase());
  member.ready = member.active && pod.is_ready();
  if (member.ready) member.available_at = later(pod.ready_since(), min_ready_);
  member.available = member.ready && member.available_at <= now;  // IsPodAvailable
  member.restarting = member.active && pod.is_restarting();
  member.waits_for_kill = member.active && pod.waits_for_kill();
  return member;
}

void ReplicaSet::exchange(PodId pod, Member& member, const Member& now) {
  if (member.waits()) ripening_.erase({member.available_at, pod});
  if (now.waits()) ripening_.insert({now.available_at, pod});
  if (member.waits_for_kill) waiting_for_kill_.erase({member.available, pod});
  if (now.waits_for_kill) waiting_for_kill_.insert({now.available, pod});
  const Counts before = counts_;
  count(member, -1);
  count(now, 1);
  member = now;
  changed_ = changed_ || counts_ != before;
}

bool ReplicaSet::update(const Pod& pod, Instant now) {
  Member& member = pods_[pod.id()];
  const Member current = look_at(pod, now);
  if (order_ != nullptr) {
    current.active ? order_->put(pod, current.available, now) : order_->erase(pod.id());
  }
  if (member == current) return false;
  exchange(pod.id(), member, current);
  return true;
}

bool ReplicaSet::forget(PodId pod) {
  const auto found = pods_.find(pod);
  if (found == pods_.end()) return false;
  const bool counted = found->second != Member{};
  exchange(pod, found->second, {});
  pods_.erase(found);
  if (order_ != nullptr) order_->erase(pod);
  return counted;
}

void ReplicaSet::ripen(const Pods& pods, Instant now) {
  while (!ripening_.empty() && ripening_.begin()->first <= now) update(*pods.find(ripening_.begin()->second), now);
}

std::optional<Instant> ReplicaSet::deadline() const noexcept {
  if (ripening_.empty()) return std::nullopt;
  return ripening_.begin()->first;
}

bool ReplicaSet::is_available(PodId pod) const {
  const auto found = pods_.find(pod);
  return found != pods_.end() && found->second.available;
}

std::optional<ReplicaSet::Doomed> ReplicaSet::next_to_kill() const noexcept {
  if (waiting_for_kill_.empty()) return std::nullopt;
  const auto& [available, pod] = *waiting_for_kill_.begin();
  return Doomed{pod, available};
}

std::vector<PodId> ReplicaSet::pods() const {
  std::vector<PodId> all;
  all.reserve(pods_.size());
  for (const auto& [id, member] : pods_) all.push_back(id);
  return all;
}

}  // namespace reeve
