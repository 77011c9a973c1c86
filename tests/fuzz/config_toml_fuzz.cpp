// libFuzzer: any text as a TOML file. Build: see `make fuzz`.
#include <reeve/config/load.hpp>

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const reeve::config::Source source{"fuzz", std::string(reinterpret_cast<const char*>(data), size),
                                     reeve::config::Format::toml};
  static_cast<void>(reeve::config::parse({&source, 1}));
  return 0;
}
