// Any bytes as requests, in any pieces: reader, routes, selectors, bodies and patches.
#include <api/answer.hpp>
#include <api/patch.hpp>
#include <api/request.hpp>

#include <reeve/config/object.hpp>
#include <reeve/config/write.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

using namespace reeve;
using namespace reeve::api;

void use(const Request& request) {
  static_cast<void>(answer_discovery(request));
  static_cast<void>(route_of(request.segments));
  if (const auto labels = LabelQuery::parse(request.parameter("labelSelector"))) {
    static_cast<void>(labels->matches({{"app", "web"}}));
  }
  if (const auto fields = FieldQuery::parse(request.parameter("fieldSelector"))) {
    static_cast<void>(fields->matches({{"metadata.name", "web"}}));
  }
  static_cast<void>(parse_rfc3339(request.parameter("sinceTime")));
  static_cast<void>(form_of(request.accept, request.parameter("includeObject"), ""));
  if (const auto object = config::read_object(request.body)) {
    // What was understood can be written, and is understood again.
    const auto text = boost::json::serialize(config::to_json(*object, config::Defaults::included));
    if (valid_utf8(text) != text || !config::read_object(text)) std::abort();
  }
  boost::json::error_code error;
  const auto patch = boost::json::parse(request.body, error);
  if (error) return;
  boost::json::value target = boost::json::parse(
      R"({"spec":{"containers":[{"name":"a","env":[{"name":"K","value":"1"}]}],"ports":[{"port":80}]}})", error);
  merge_patch(target, patch);
  static_cast<void>(strategic_merge_patch(target, patch));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = 1 + data[0] * 4u;
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  RequestReader reader;
  while (!rest.empty()) {
    reader.feed(rest.substr(0, piece));
    rest.remove_prefix(std::min(piece, rest.size()));
    for (auto progress = reader.advance(); progress != RequestReader::Progress::more; progress = reader.advance()) {
      if (progress == RequestReader::Progress::refused) return 0;
      if (progress == RequestReader::Progress::done) use(reader.take());
    }
  }
  return 0;
}
