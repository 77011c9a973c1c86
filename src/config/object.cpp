#include "config/reader.hpp"

#include <reeve/config/object.hpp>

namespace reeve::config {

tl::expected<Object, std::vector<Fault>> read_object(std::string_view json) {
  if (Fault fault = text_fault(json); fault.position.line != 0) return tl::unexpected(std::vector{std::move(fault)});
  auto root = read_json(json);
  if (!root) return tl::unexpected(std::vector{std::move(root).error()});
  Drafts drafts;
  read_manifest(*std::move(root), drafts);
  if (drafts.faults.empty() && drafts.objects.size() != 1) {
    drafts.faults.push_back({Position{1, 1}, "expected one object"});
  }
  if (!drafts.faults.empty()) return tl::unexpected(std::move(drafts.faults));
  std::vector<Fault> faults;
  Object object = object_of(drafts.objects.front(), faults);
  if (!faults.empty()) return tl::unexpected(std::move(faults));
  return object;
}

}  // namespace reeve::config
