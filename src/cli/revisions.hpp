#pragma once
// The revisions of a deployment, which are its replica sets: pure functions of the API's JSON
// (kubectl/pkg/polymorphichelpers: history.go, rollback.go, rollout_status.go).

#include <reeve/core/result.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace reeve::cli {

// The mark in a template that a restart leaves (kubectl rollout restart).
inline constexpr const char* restarted_at = "kubectl.kubernetes.io/restartedAt";

bool is_owned_by(const boost::json::value& object, const boost::json::value& owner);

// By its annotation; 0 where there is none.
std::int64_t revision_of(const boost::json::value& object);

// Those of the deployment, the lowest number first.
using Revisions = std::vector<const boost::json::value*>;
Revisions revisions_of(const boost::json::value& deployment, const boost::json::array& replica_sets);

// That of the deployment's template as it is; nullptr: there is none yet.
const boost::json::value* newest_of(const boost::json::value& deployment, const Revisions& revisions);

// The template without the label that tells one replica set from another.
boost::json::value plain_template(const boost::json::value& replica_set);

// The table, or the template of one revision, as rollout history prints it.
std::string history_text(const Revisions& revisions);
Result<std::string> revision_text(const Revisions& revisions, std::int64_t number);

// "Pod Template:" and what is in it, with tabs, and the cause among its annotations.
std::string template_text(const boost::json::value& replica_set);

// The replica set that an undo to a number goes back to; 0: the one before the newest.
Result<const boost::json::value*> revision_to_undo(const boost::json::value& deployment, const Revisions& revisions,
                                                   std::int64_t number);

// Gives the deployment the template of a revision, and its annotations but for those that are nobody else's.
void go_back(boost::json::object& deployment, const boost::json::value& replica_set);

// How far a rollout is.
struct Progress {
  enum class State { going, done, failed };
  State state = State::going;
  std::string line;  // kubectl's; of a failure without the "error: "
};
Progress progress_of(const boost::json::value& deployment);

// It is on its way from one revision to the next, or stuck there.
bool is_updating(const boost::json::value& deployment);

// The same in one line to look at: "web  [#####.....] 5/10 updated, 8/10 available, 8 old left".
std::string progress_bar(const boost::json::value& deployment);

}  // namespace reeve::cli
