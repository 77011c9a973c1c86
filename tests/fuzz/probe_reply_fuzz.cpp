// Any bytes as the answer to an HTTP probe, in any pieces.
#include <reeve/runtime/http_exchange.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace reeve::runtime;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const HttpTarget target{"127.0.0.1", 80, "/a/b?c"};
  const std::size_t piece = size == 0 ? 1 : 1 + data[0] % 64;
  HttpReply reply;
  auto progress = HttpReply::Progress::more;
  while (!rest.empty() && progress == HttpReply::Progress::more) {
    progress = reply.feed(rest.substr(0, piece));
    rest.remove_prefix(std::min(piece, rest.size()));
  }
  if (progress == HttpReply::Progress::more) progress = reply.end();
  if (progress == HttpReply::Progress::done) {
    static_cast<void>(judge(reply));
    static_cast<void>(redirect_of(reply, target, target));
  }
  return 0;
}
