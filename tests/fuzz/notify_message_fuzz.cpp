// Any bytes on a NOTIFY_SOCKET: no crash, and a status that is short and fit to be shown.
#include <reeve/core/notify_message.hpp>
#include <reeve/core/utf8.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto message = reeve::parse_notify_message({reinterpret_cast<const char*>(data), size});
  if (message.extend && *message.extend < reeve::Duration{0}) std::abort();
  if (!message.status) return 0;
  if (message.status->size() > reeve::notify_status_max) std::abort();
  for (std::string_view rest = *message.status; !rest.empty();) {
    const std::size_t count = reeve::character_size(rest);
    const auto first = static_cast<unsigned char>(rest[0]);
    if (count == 0 || first < 0x20 || first == 0x7f) std::abort();
    rest.remove_prefix(count);
  }
  return 0;
}
