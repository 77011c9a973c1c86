// libFuzzer: any text as YAML; what begins with a brace is read as JSON too. Build: see `make fuzz`.
#include <reeve/config/load.hpp>

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using reeve::config::Format;
  reeve::config::Source source{"fuzz", std::string(reinterpret_cast<const char*>(data), size), Format::yaml};
  static_cast<void>(reeve::config::parse({&source, 1}));
  if (!source.text.starts_with('{')) return 0;
  source.format = Format::json;
  static_cast<void>(reeve::config::parse({&source, 1}));
  return 0;
}
