// reeve convert.
#include "cli/usage.hpp"

#include <reeve/cli/cli.hpp>
#include <reeve/config/convert.hpp>
#include <reeve/config/load.hpp>

#include <algorithm>
#include <cstdio>

namespace reeve::cli {
namespace {

// What a cluster would not take though reeve does.
void warn_of_images(const Object& object) {
  const PodSpec* const pod = pod_spec_of(object);
  if (pod == nullptr) return;
  for (const auto* list : {&pod->init_containers, &pod->containers}) {
    for (const ContainerSpec& each : *list) {
      if (!each.image.empty()) continue;
      std::fprintf(stderr, "warning: %s \"%s\": container \"%s\" names no image, which a cluster needs\n",
                   std::string(kind_name(ref_of(object).kind)).c_str(), metadata_of(object).name.c_str(),
                   each.name.c_str());
    }
  }
}

}  // namespace

int convert_command(const Command& command, std::span<const std::string> arguments) {
  std::vector<std::string> files;
  std::string output;
  const Arguments read =
      read_arguments(command, arguments,
                     {texts("-f", "--file", "FILE|DIR", "what to read; may be given again; - is standard input", files),
                      text("-o", "--output", "yaml|json|toml", "what to write", output)});
  if (read.exit_code) return *read.exit_code;
  if (!read.words.empty()) return misused(command, "unexpected argument \"" + read.words.front() + "\"");
  if (files.empty()) return misused(command, "no file given");
  if (output != "yaml" && output != "json" && output != "toml") {
    return misused(command, "-o: expected yaml, json or toml");
  }
  const auto loaded = config::load(files, config::ImagesKnown::elsewhere);
  if (!loaded) {
    for (const auto& each : loaded.error()) std::fprintf(stderr, "%s\n", each.message().c_str());
    return exit_mistakes;
  }
  std::vector<Object> objects;
  for (const auto& each : loaded->objects) objects.push_back(each.object);
  const auto format = output == "yaml"   ? config::Format::yaml
                      : output == "json" ? config::Format::json
                                         : config::Format::toml;
  const auto text = config::written(objects, format);
  if (!text) return failed(text.error().message());
  if (format != config::Format::toml) std::ranges::for_each(objects, warn_of_images);
  const bool has_more =
      loaded->supervisor != SupervisorSettings{} || !loaded->images.empty() || !loaded->simulations.empty();
  if (has_more)
    std::fputs("warning: [supervisor], [images] and [simulate] are about this machine and left out\n", stderr);
  std::fputs(text->c_str(), stdout);
  return exit_done;
}

}  // namespace reeve::cli
