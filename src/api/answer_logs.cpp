// Logs: which run of which container is meant, from where, and how far.
#include "api/answer.hpp"

#include <algorithm>
#include <deque>

namespace reeve::api {
namespace {

constexpr std::size_t piece_bytes = 64 * 1024;
constexpr std::size_t pending_logs_max = 8;  // runs that a follower may be behind

const Container* container_named(const Pod& pod, const std::string& name) {
  for (const auto* list : {&pod.containers(), &pod.init_containers()}) {
    for (const Container& each : *list) {
      if (each.spec().name == name) return &each;
    }
  }
  return nullptr;
}

std::string names_of(const std::vector<Container>& containers) {
  std::string names;
  for (const Container& each : containers) names += (names.empty() ? "" : " ") + each.spec().name;
  return '[' + names + ']';
}

Status unclear(const Pod& pod) {
  return bad_request(
      "a container name must be specified for pod " + pod.metadata().name +
      ", choose one of: " + names_of(pod.containers()) +
      (pod.init_containers().empty() ? "" : " or one of the init containers: " + names_of(pod.init_containers())));
}

LogChoice refused(Status status) { return {nullptr, std::nullopt, std::move(status)}; }

// What of the records is wanted, and how it is written.
struct LogForm {
  bool timestamps = false;
  std::optional<WallTime> since;
  std::optional<runtime::LogSource> source;
};

// Follows one container through its runs. What it has not read yet stays alive with it.
class LogStream final : public Stream {
 public:
  struct Options {
    ObjectRef pod;
    std::string container;
    LogForm form;
    bool follows = false;
    std::optional<std::uint64_t> tail_lines;
    std::optional<std::uint64_t> bytes_max;
  };

  LogStream(const runtime::Host& host, Options options, std::optional<InstanceId> first)
      : host_(host), options_(std::move(options)), bytes_left_(options_.bytes_max.value_or(UINT64_MAX)) {
    if (first) attach(*first);
    if (!pending_.empty()) pending_.front().position = start_position(*pending_.front().log);
  }

  State produce(std::string& out, std::size_t room, Instant) override {
    attach_new_runs();
    while (!pending_.empty() && out.size() < room && bytes_left_ > 0) {
      Pending& current = pending_.front();
      const auto piece = current.log->read(current.position, piece_bytes);
      if (piece.bytes_dropped != 0) write_drop(out, piece.bytes_dropped);
      write(out, piece.records);
      const bool is_read = piece.next == current.position || piece.next == current.log->end_position();
      current.position = piece.next;
      if (!is_read) continue;
      if (!current.log->has_ended() || current.position != current.log->end_position()) break;
      pending_.pop_front();
    }
    if (bytes_left_ == 0 || (!options_.follows && is_read_out(out.size() < room))) return State::ended;
    return options_.follows && pending_.empty() && is_over() ? State::ended : State::open;
  }

  bool reads(InstanceId instance) const override {
    return std::ranges::any_of(pending_, [&](const Pending& each) { return each.instance == instance; });
  }

 private:
  struct Pending {
    InstanceId instance;
    std::shared_ptr<const runtime::InstanceLog> log;
    std::uint64_t position = 0;
  };

  const Container* container() const {
    const Pod* pod = host_.supervisor().find_pod(options_.pod.name_space, options_.pod.name);
    return pod == nullptr ? nullptr : container_named(*pod, options_.container);
  }

  bool is_read_out(bool had_room) const {
    if (pending_.empty()) return true;
    return had_room && pending_.front().position == pending_.front().log->end_position();
  }

  // Nobody will start it again.
  bool is_over() const {
    const Container* found = container();
    return found == nullptr || found->has_ended();
  }

  void attach(InstanceId instance) {
    newest_ = instance;
    auto log = host_.log(instance);
    if (log == nullptr) return;
    pending_.push_back({instance, std::move(log), 0});
    if (pending_.size() > pending_logs_max) pending_.pop_front();
  }

  void attach_new_runs() {
    if (!options_.follows) return;
    const Container* found = container();
    if (found == nullptr) return;
    std::vector<InstanceId> runs;
    if (found->end_before()) runs.push_back(found->end_before()->instance);
    if (found->last_end()) runs.push_back(found->last_end()->instance);
    if (const auto live = found->live_instance()) runs.push_back(*live);
    for (const InstanceId each : runs) {
      if (each.value > newest_.value) attach(each);
    }
  }

  // Where the wanted lines begin: by their number from the end, and by their time.
  std::uint64_t start_position(const runtime::InstanceLog& log) const {
    if (!options_.tail_lines && !options_.form.since) return 0;
    std::uint64_t lines = 0;
    if (options_.tail_lines) {
      for_each_record(log, [&](const runtime::LogRecord& each, std::uint64_t) { lines += is_wanted(each) ? 1 : 0; });
    }
    const std::uint64_t skipped =
        options_.tail_lines && lines > *options_.tail_lines ? lines - *options_.tail_lines : 0;
    std::uint64_t seen = 0;
    std::uint64_t start = log.end_position();
    for_each_record(log, [&](const runtime::LogRecord& each, std::uint64_t position) {
      if (is_wanted(each) && seen++ >= skipped) start = std::min(start, position);
    });
    return start;
  }

  template <class Visitor>
  static void for_each_record(const runtime::InstanceLog& log, Visitor visit) {
    std::uint64_t position = 0;
    for (;;) {
      const auto piece = log.read(position, piece_bytes);
      if (piece.next == position) return;
      std::uint64_t at = piece.next - piece.records.size();
      std::string_view rest = piece.records;
      runtime::LogRecord record;
      for (std::size_t before = rest.size(); take_record(rest, record); before = rest.size()) {
        visit(record, at);
        at += before - rest.size();
      }
      position = piece.next;
    }
  }

  bool is_wanted(const runtime::LogRecord& each) const {
    const LogForm& form = options_.form;
    return (!form.since || each.when >= *form.since) && (!form.source || each.source == *form.source);
  }

  void write(std::string& out, std::string_view records) {
    runtime::LogRecord record;
    while (bytes_left_ > 0 && take_record(records, record)) {
      if (!is_wanted(record)) continue;
      const std::size_t before = out.size();
      // What goes on from a cut line has had its time.
      if (options_.form.timestamps && !std::exchange(in_cut_line_, false)) out += rfc3339_nano(record.when) + ' ';
      out += record.text;
      in_cut_line_ = record.is_cut;
      if (!record.is_cut) out += '\n';
      spend(out, before);
    }
  }

  void write_drop(std::string& out, std::uint64_t bytes) {
    // What was overwritten before anybody asked is nobody's loss.
    if (!std::exchange(has_written_, true)) return;
    out += "[reeve] " + std::to_string(bytes) + " bytes dropped\n";
  }

  void spend(std::string& out, std::size_t before) {
    has_written_ = true;
    const std::uint64_t written = out.size() - before;
    if (written > bytes_left_) out.resize(before + bytes_left_);
    bytes_left_ -= std::min(bytes_left_, written);
  }

  const runtime::Host& host_;
  Options options_;
  std::uint64_t bytes_left_;
  std::deque<Pending> pending_;
  InstanceId newest_;
  bool in_cut_line_ = false;
  bool has_written_ = false;
};

std::optional<WallTime> since_of(const Request& request, WallTime now) {
  if (const auto ago = request.number("sinceSeconds"))
    return now - seconds(std::min<std::int64_t>(*ago, 1'000'000'000));
  return parse_rfc3339(request.parameter("sinceTime"));
}

}  // namespace

ContainerChoice choose_container(const Pod& pod, const std::string& name) {
  if (name.empty() && pod.containers().size() != 1) return {nullptr, unclear(pod)};
  if (name.empty()) return {&pod.containers().front(), std::nullopt};
  if (const Container* found = container_named(pod, name)) return {found, std::nullopt};
  return {nullptr, bad_request("container " + name + " is not valid for pod " + pod.metadata().name)};
}

LogChoice choose_log(const Pod& pod, const Request& request) {
  ContainerChoice chosen = choose_container(pod, request.parameter("container"));
  if (chosen.problem) return refused(*std::move(chosen.problem));
  const Container* const found = chosen.container;
  const std::string& name = found->spec().name;
  if (request.flag("previous")) {
    // While it waits after an end, the newest dead run is the one before the next.
    const auto& end = found->is_running() || found->has_ended() ? found->end_before() : found->last_end();
    const auto& previous = found->is_running() ? found->last_end() : end;
    if (previous) return {found, previous->instance, std::nullopt};
    return refused(
        bad_request("previous terminated container \"" + name + "\" in pod \"" + pod.metadata().name + "\" not found"));
  }
  if (found->is_running()) return {found, found->live_instance(), std::nullopt};
  if (found->last_end()) return {found, found->last_end()->instance, std::nullopt};
  if (request.flag("follow")) return {found, found->live_instance(), std::nullopt};
  const auto status = found->status(
      pod.identity(), pod.init_containers().empty() ? reason::container_creating : reason::pod_initializing);
  const auto* waiting = std::get_if<StateWaiting>(&status.state);
  return refused(bad_request("container \"" + name + "\" in pod \"" + pod.metadata().name +
                             "\" is waiting to start: " + std::string(waiting != nullptr ? waiting->reason : "")));
}

Reply Answerer::logs(const Request& request, const Route& route) {
  const Pod* pod = host_.supervisor().find_pod(route.name_space, route.name);
  if (pod == nullptr) return reply_with(not_found(*route.kind, route.name));
  LogChoice choice = choose_log(*pod, request);
  if (choice.problem) return reply_with(*choice.problem);
  LogStream::Options options{
      {Kind::pod, route.name_space, route.name}, choice.container->spec().name, {}, false, {}, {}};
  options.follows = request.flag("follow") && !request.flag("previous");
  options.form.timestamps = request.flag("timestamps");
  options.form.since = since_of(request, now());
  if (request.parameter("stream") == "stdout") options.form.source = runtime::LogSource::out;
  if (request.parameter("stream") == "stderr") options.form.source = runtime::LogSource::err;
  for (const auto& [name, member] : {std::pair("tailLines", &LogStream::Options::tail_lines),
                                     std::pair("limitBytes", &LogStream::Options::bytes_max)}) {
    const auto number = request.number(name);
    if (!number && !request.parameter(name).empty())
      return reply_with(bad_request(std::string(name) + ": not a number"));
    if (number && *number < 0) return reply_with(bad_request(std::string(name) + ": must be 0 or more"));
    if (number) options.*member = static_cast<std::uint64_t>(*number);
  }
  Reply reply;
  reply.content_type = "text/plain";
  reply.stream = std::make_unique<LogStream>(host_, std::move(options), choice.instance);
  return reply;
}

}  // namespace reeve::api
