#include "core/validate_lifecycle.hpp"

#include "core/validate_fields.hpp"

#include <reeve/core/signal_names.hpp>

namespace reeve {
namespace {

// validateHandler and validateSleepAction.
void check_hook(FieldErrors& errors, const std::string& path, const LifecycleHandler& hook, Duration grace) {
  int count = 0;
  const auto look = [&](bool present, const char* name) {
    if (present && ++count > 1) errors.forbidden(path + '.' + name, "may not specify more than 1 handler type");
  };
  look(hook.exec.has_value(), "exec");
  look(hook.http_get.has_value(), "httpGet");
  look(hook.sleep.has_value(), "sleep");
  if (count == 0) errors.required(path, "must specify a handler type");
  if (hook.http_get) check_headers(errors, path + ".httpGet", *hook.http_get);
  if (hook.sleep && (hook.sleep->seconds < Duration{0} || hook.sleep->seconds > grace)) {
    errors.invalid(path + ".sleep", in_seconds(hook.sleep->seconds),
                   "must be non-negative and less than terminationGracePeriodSeconds (" + in_seconds(grace) + ")");
  }
}

}  // namespace

void check_headers(FieldErrors& errors, const std::string& path, const HttpGetAction& action) {
  for (std::size_t i = 0; i < action.http_headers.size(); ++i) {
    const std::string& name = action.http_headers[i].name;
    if (!name.empty()) errors.faults(indexed(path + ".httpHeaders", i) + ".name", name, header_name_faults(name));
  }
}

void check_lifecycle(FieldErrors& errors, const std::string& path, const Lifecycle& lifecycle, Duration grace) {
  FieldWalk(errors).walk(path, lifecycle);
  if (lifecycle.post_start) check_hook(errors, path + ".postStart", *lifecycle.post_start, grace);
  if (lifecycle.pre_stop) check_hook(errors, path + ".preStop", *lifecycle.pre_stop, grace);
  if (lifecycle.stop_signal.empty() || signal_number(lifecycle.stop_signal)) return;
  const std::vector<std::string> names = signal_names();
  errors.unsupported(path + ".stopSignal", lifecycle.stop_signal,
                     std::vector<std::string_view>(names.begin(), names.end()));
}

}  // namespace reeve
