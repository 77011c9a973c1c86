// Any bytes instead of a state file: either a fault, or a state that a supervisor can begin with and that is written
// as it was read.
#include <reeve/config/state_file.hpp>
#include <reeve/core/supervisor.hpp>

#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace reeve;
  constexpr Duration offset = seconds(1'790'000'000);
  constexpr Instant now{seconds(100)};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto read = config::read_state(text, offset, now);
  if (!read) return 0;
  const auto again = config::read_state(config::write_state(*read, offset), offset, now);
  if (!again || *again != *read) std::abort();
  // A file may ask for more pods than a fuzzer has time for.
  std::int64_t pods = 0;
  for (const auto& each : read->state.deployments) {
    pods += each.object.spec.replicas;
    for (const auto& set : each.replica_sets) pods = std::min<std::int64_t>(pods + set.size, 1'000'000);
  }
  if (pods > 100) return 0;
  Supervisor supervisor(SupervisorOptions{});
  supervisor.restore(now, read->state);
  return 0;
}
