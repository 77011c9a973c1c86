#include "runtime/runtime.hpp"

#include <reeve/core/hash.hpp>
#include <reeve/core/validate.hpp>
#include <reeve/linux/clock.hpp>
#include <reeve/linux/socket.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

namespace reeve::runtime {
namespace {

// As kubelet names its node: the host's name in lower case.
std::string node_name() {
  char name[256] = "localhost";
  ::gethostname(name, sizeof name - 1);
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower;
}

// More than a reeve makes changes, so that one that comes after it begins above them.
std::uint64_t microseconds_since_1970() {
  const auto now = linux::wall_now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

}  // namespace

std::shared_ptr<const ContainerRunner::Settings> settings_of(const config::Configuration& configuration) {
  return std::make_shared<const ContainerRunner::Settings>(
      ContainerRunner::Settings{configuration.images, configuration.supervisor.isolation,
                                static_cast<std::size_t>(configuration.supervisor.log_bytes)});
}

EndRule end_rule_of(const SupervisorSettings& settings) { return {settings.on_pods_finished, settings.exit_code_from}; }

Result<std::unique_ptr<Runtime>> Runtime::start(uv_loop_t& loop, Console& console,
                                                const config::Configuration& configuration, Beginning beginning) {
  std::unique_ptr<Runtime> runtime(new Runtime(loop, console, configuration, beginning));
  REEVE_TRY(runtime->reaper_, ChildReaper::start(loop));
  const auto poster = [self = runtime.get()](Input input) { self->post(std::move(input)); };
  runtime->sandboxes_ =
      std::make_unique<SandboxRunner>(loop, *runtime->reaper_, configuration.supervisor.isolation, poster);
  runtime->commands_ = std::make_unique<CommandRunner>(loop, *runtime->reaper_);
  runtime->containers_ =
      std::make_unique<ContainerRunner>(loop, *runtime->reaper_, *runtime->sandboxes_, *runtime->commands_,
                                        runtime->narrator_, settings_of(configuration), poster);
  runtime->probes_ =
      std::make_unique<ProbeRunner>(loop, *runtime->reaper_, *runtime->containers_, *runtime->sandboxes_, poster);
  REEVE_TRY(runtime->traffic_,
            Traffic::start(loop, {*runtime->sandboxes_, runtime->manager_, runtime->narrator_, poster},
                           std::move(beginning.manager.passed), configuration.supervisor.service_subnet));
  runtime->containers_->take_sockets_from(
      [self = runtime.get()](ServiceId service) { return self->traffic_->sockets_of(service); });
  REEVE_TRY_VOID(runtime->watch_signals());
  REEVE_TRY_VOID(runtime->prepare_loop());
  runtime->begin_with(configuration, std::move(beginning.kept.file.state));
  return runtime;
}

Runtime::Runtime(uv_loop_t& loop, Console& console, const config::Configuration& configuration, Beginning& beginning)
    : loop_(loop),
      console_(console),
      narrator_(console),
      files_(std::move(beginning.files)),
      written_(std::move(beginning.kept.file.written)),
      supervisor_({.seed = linux::entropy_seed(),
                   .default_isolation = configuration.supervisor.isolation,
                   .node_name = node_name(),
                   .uid_ending = beginning.kept.uid_ending,
                   .first_version = microseconds_since_1970(),
                   .end_rule = end_rule_of(configuration.supervisor),
                   .service_network = network_of(configuration.supervisor.service_subnet),
                   .pod_network = network_of(configuration.supervisor.pod_subnet)}),
      manager_(loop, beginning.manager, supervisor_, narrator_),
      settings_(configuration.supervisor),
      images_(configuration.images),
      wall_offset_(beginning.kept.wall_offset),
      keeper_(std::move(beginning.kept.keeper)) {
  if (keeper_ != nullptr) keeper_->attach(loop_);
}

void Runtime::observe(Observer* observer) {
  observer_ = observer;
  if (observer == nullptr) return containers_->on_output({});
  supervisor_.keep_changes();
  containers_->on_output([this](InstanceId instance) {
    if (observer_ != nullptr) observer_->on_output(instance);
  });
}

std::chrono::system_clock::time_point Runtime::wall_time(Instant instant) const {
  return std::chrono::system_clock::time_point(instant.time_since_epoch() + wall_offset_);
}

std::vector<int> Runtime::signals() {
  return {SIGHUP, SIGTERM, SIGINT, SIGQUIT, SIGPWR, SIGRTMIN + 3, SIGRTMIN + 4, SIGRTMIN + 5};
}

Result<void> Runtime::watch_signals() {
  for (const int wanted : signals()) {
    auto& watched = signals_.emplace_back(this);
    if (const int status = uv_signal_init(&loop_, watched.get()); status != 0) {
      watched.abandon();
      return fail("cannot watch for signals", -status);
    }
    const auto on_signal = [](uv_signal_t* handle, int number) {
      if (auto* self = static_cast<Runtime*>(handle->data)) self->on_signal(number);
    };
    if (const int status = uv_signal_start(watched.get(), on_signal, wanted); status != 0) {
      return fail("cannot watch for signals", -status);
    }
  }
  return {};
}

// Inputs are taken in before the loop sleeps and after it woke, never inside the callback that saw them.
Result<void> Runtime::prepare_loop() {
  timer_ = proxy::UvHandle<uv_timer_t>(this);
  uv_timer_init(&loop_, timer_.get());
  prepare_ = proxy::UvHandle<uv_prepare_t>(this);
  uv_prepare_init(&loop_, prepare_.get());
  uv_prepare_start(prepare_.get(), [](uv_prepare_t* handle) {
    if (auto* self = static_cast<Runtime*>(handle->data)) self->settle();
  });
  check_ = proxy::UvHandle<uv_check_t>(this);
  uv_check_init(&loop_, check_.get());
  uv_check_start(check_.get(), [](uv_check_t* handle) {
    if (auto* self = static_cast<Runtime*>(handle->data)) self->settle();
  });
  return {};
}

int Runtime::run() {
  while (!exit_code_) uv_run(&loop_, UV_RUN_ONCE);
  while (keeper_ != nullptr && keeper_->finish(state_source())) uv_run(&loop_, UV_RUN_ONCE);
  return *exit_code_;
}

void Runtime::settle() {
  take_in_writes();
  // Who observes may have something to ask at once.
  while (!inputs_.empty()) {
    answer_inputs();
    arm_timer();
    keep_state();
    if (observer_ != nullptr) observer_->on_settled(supervisor_.take_changes());
  }
  keep_state();
  traffic_->end_start();
  manager_.on_settled(traffic_->all_listen());
}

void Runtime::answer_inputs() {
  while (!inputs_.empty()) {
    Input input = std::move(inputs_.front());
    inputs_.pop_front();
    manager_.note(input);
    if (std::holds_alternative<ShutdownRequested>(input)) traffic_->hand_over();
    for (const Effect& effect : supervisor_.step(linux::monotonic_now(), std::move(input))) perform(effect);
  }
}

// --- What outlives reeve. ---

const StateStatus& Runtime::state() const {
  static const StateStatus nowhere;
  return keeper_ != nullptr ? keeper_->status() : nowhere;
}

StateKeeper::Source Runtime::state_source() {
  return [this] { return config::StateFile{supervisor_.save(), written_}; };
}

// Tells what became of the last write of the state.
void Runtime::take_in_writes() {
  if (keeper_ == nullptr || !keeper_->take_ended()) return;
  const std::string& problem = keeper_->status().problem;
  if (keeper_->is_news()) problem.empty() ? post(StateKeptAgain{}) : post(StateNotKept{problem});
  if (observer_ != nullptr) observer_->on_kept();
}

// Only between steps: what the files say and what was made of it belong together.
void Runtime::keep_state() {
  if (keeper_ == nullptr) return;
  keeper_->keep(supervisor_.saved_version() + written_edits_, state_source());
}

namespace {

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
template <class... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;

}  // namespace

void Runtime::perform(const Effect& effect) {
  manager_.note(effect);
  std::visit(Overloaded{
                 [&](const StartSandbox& each) { sandboxes_->perform(each); },
                 [&](const StopSandbox& each) { sandboxes_->perform(each); },
                 [&](const StartContainer& each) { containers_->perform(each); },
                 [&](const SignalContainer& each) { containers_->perform(each); },
                 [&](const KillContainer& each) { containers_->perform(each); },
                 [&](const ForgetInstance& each) { containers_->perform(each); },
                 [&](const StartProbe& each) { probes_->perform(each); },
                 [&](const StartHook& each) { probes_->perform(each); },
                 [&](const AbortProbe& each) { probes_->perform(each); },
                 [&](const CancelProbe& each) { probes_->perform(each); },
                 [&](const OpenService& each) { traffic_->perform(each); },
                 [&](const CloseService& each) { traffic_->perform(each); },
                 [&](const SetEndpoint& each) { traffic_->perform(each); },
                 [&](const RemoveEndpoint& each) { traffic_->perform(each); },
                 [&](const DrainEndpoint& each) { traffic_->perform(each); },
                 [&](const CutEndpoint& each) { traffic_->perform(each); },
                 [&](const OpenLink& each) { traffic_->perform(each); },
                 [&](const CloseLink& each) { traffic_->perform(each); },
                 [&](const ReportEvent& each) { narrator_.event(each.event); },
                 [&](const Exit& each) { exit_code_ = each.code; },
             },
             effect);
}

// libuv counts whole milliseconds: rounding up keeps a timer from firing before its deadline.
void Runtime::arm_timer() {
  const auto deadline = supervisor_.deadline();
  if (deadline == timer_at_) return;
  timer_at_ = deadline;
  if (!deadline) {
    uv_timer_stop(timer_.get());
    return;
  }
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(*deadline - linux::monotonic_now()).count();
  uv_update_time(&loop_);
  const auto on_time = [](uv_timer_t* handle) {
    auto* self = static_cast<Runtime*>(handle->data);
    if (self == nullptr) return;
    self->timer_at_.reset();
    self->post(Ticked{});
  };
  uv_timer_start(timer_.get(), on_time, static_cast<std::uint64_t>(std::max<std::int64_t>(wait, 0)), 0);
}

void Runtime::on_signal(int number) {
  if (number == SIGHUP) return reload();
  stop_signal_ = number;
  narrator_.say(supervisor_.is_shutting_down() ? "asked again: killing what still runs" : "stopping every pod");
  post(ShutdownRequested{});
}

namespace {

// Says which image of the object means nothing on this machine.
std::optional<std::string> unknown_image(const Object& object, const Images& images) {
  const PodSpec* const spec = pod_spec_of(object);
  if (spec == nullptr) return std::nullopt;
  for (const auto* list : {&spec->init_containers, &spec->containers}) {
    for (const ContainerSpec& each : *list) {
      if (each.image.empty() || find_image(images, each.image) != nullptr) continue;
      return "nothing says what the image \"" + each.image + "\" means here: name it, or \"*\", in [images]";
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> Runtime::refuses(const Object& object) const {
  const auto* const service = std::get_if<ServiceObject>(&object);
  const std::string chosen = service == nullptr ? "" : service->spec.cluster_ip;
  if (!chosen.empty() && !is_in_network(chosen, network_of(settings_.service_subnet))) {
    return "clusterIP " + chosen + " is not in the serviceSubnet " + settings_.service_subnet;
  }
  return unknown_image(object, images_);
}

// One that is meant for a pod's own network must not be made in ours.
Result<linux::UniqueFd> Runtime::make_socket(const Pod& pod) const {
  const auto network = sandboxes_->network_of(pod.id());
  if (has_own_network(*pod.spec()) && network == nullptr) return fail("the pod has no network of its own now");
  return linux::make_stream_socket(AF_INET, network.get());
}

std::vector<std::string> Runtime::shared_sockets(ServiceId service) const {
  std::vector<std::string> addresses;
  for (const auto& each : traffic_->shared_by(service)) addresses.push_back(each.to_string());
  return addresses;
}

}  // namespace reeve::runtime
