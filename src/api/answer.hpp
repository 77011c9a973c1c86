#pragma once
// Answers requests about a running reeve. Knows no socket.

#include "api/history.hpp"
#include "api/reply.hpp"
#include "api/request.hpp"
#include "api/snapshot.hpp"
#include "api/table.hpp"

#include <reeve/runtime/host.hpp>

#include <boost/json/value.hpp>
#include <tl/expected.hpp>

#include <array>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace reeve::api {

// What a path means.
struct Route {
  const KindInfo* kind = nullptr;
  std::string_view api_version;  // by which it was asked for
  std::string name_space;        // empty: all
  std::string name;              // empty: the list
  std::string subresource;
};
// Nothing: no path of Kubernetes' resources.
std::optional<Route> route_of(const std::vector<std::string>& segments);

struct ServerFacts {
  std::size_t connections = 0;
  std::size_t watches = 0;
  std::string_view url;  // where it is served over TCP; empty: nowhere
};

class Answerer {
 public:
  explicit Answerer(runtime::Host& host);

  Reply answer(const Request& request, ServerFacts facts);

  // Keeps what changed, for those who watch; recording ends when nobody asked for long.
  void on_settled(const std::vector<Change>& changes, Instant now);

  const History& history(ApiKind kind) const { return histories_[static_cast<std::size_t>(kind)].history; }
  const Renderer& renderer() const noexcept { return renderer_; }
  WallTime now() const;

 private:
  struct Recorded {
    History history;
    Instant asked_at{};
    std::uint64_t newest = 0;
  };

  Reply answer_kind(const Request& request, const Route& route);
  Reply answer_collection(const Request& request, const Route& route);
  Reply answer_object(const Request& request, const Route& route);
  Reply answer_subresource(const Request& request, const Route& route);

  Reply list(const Request& request, const Route& route);
  Reply get(const Request& request, const Route& route);
  Reply watch(const Request& request, const Route& route);
  Reply logs(const Request& request, const Route& route);
  Reply exec(const Request& request, const Route& route);
  Reply port_forward(const Request& request, const Route& route);

  Reply create(const Request& request, const Route& route);
  Reply replace(const Request& request, const Route& route);
  Reply patch(const Request& request, const Route& route);
  Reply remove(const Request& request, const Route& route);
  Reply remove_all(const Request& request, const Route& route);
  Reply get_scale(const Route& route) const;
  Reply put_scale(const Request& request, const Route& route);
  Reply write(const Request& request, const Route& route, boost::json::object manifest, int code);
  Reply dry_run(const Route& route, const Object& object, int code, const Form& form) const;
  Reply object_later(const Route& route, int code, Form form, std::vector<std::string> warnings = {});
  std::optional<Status> check_owned(const Object& object, const Route& route) const;
  std::optional<Object> current(const Route& route) const;
  std::optional<Status> check(const Object& object, const Route& route) const;

  Reply answer_own(const Request& request, ServerFacts facts);
  Reply restart(const Route& route);
  Reply probes(const Route& route) const;
  Reply connections(const Route& route) const;
  Reply metrics(const Request& request, const Route& route);
  std::string pod_metrics(const Pod& pod);
  Reply status(ServerFacts facts) const;

  void record(ApiKind kind);
  void keep(const Change& change, std::map<std::pair<Resource, std::string>, ChangeType>& held);
  bool is_newest(const Change& change) const;

  runtime::Host& host_;
  Renderer renderer_;
  std::array<Recorded, kind_count> histories_;
  struct CpuSample {
    Instant at;
    Duration cpu{};
  };
  std::unordered_map<InstanceId, CpuSample> cpu_;
};

// The container that is meant, by kubectl's rules; or why it is unclear.
struct ContainerChoice {
  const Container* container = nullptr;
  std::optional<Status> problem;
};
ContainerChoice choose_container(const Pod& pod, const std::string& name);

// Why this request cannot be upgraded to that protocol, which that command speaks.
std::optional<Reply> refuse_upgrade(const Request& request, std::string_view protocol, std::string_view command);

// Which objects of a kind are meant by its selectors.
struct Choice {
  ApiKind kind = ApiKind::pods;
  std::string name_space;
  LabelQuery labels;
  FieldQuery fields;

  bool matches(const Snapshot& each) const {
    return (name_space.empty() || each.name_space == name_space) && labels.matches(each.labels) &&
           fields.matches(each.fields);
  }
  bool is_narrow() const noexcept { return !labels.is_empty() || !fields.is_empty(); }
};
tl::expected<Choice, Status> choice_of(const Request& request, const Route& route);

// Nothing is to be changed: the answer says what would come of it.
bool is_dry(const Request& request);

// Why a body of that type is not read.
std::optional<Status> check_media_type(const Request& request);

// The body of a request as an object, or what is wrong with it; a member of its metadata as text, or empty.
tl::expected<boost::json::value, Status> parsed_object(std::string_view text);
std::string metadata_text(const boost::json::value& body, std::string_view key);

// Discovery, version, health; nothing: no such path.
std::optional<Reply> answer_discovery(const Request& request);

// The instance whose log is meant, by kubectl's rules; or why there is none.
struct LogChoice {
  const Container* container = nullptr;
  std::optional<InstanceId> instance;  // nothing: it waits for its first run, and the request follows
  std::optional<Status> problem;
};
LogChoice choose_log(const Pod& pod, const Request& request);

}  // namespace reeve::api
