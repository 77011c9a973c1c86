#pragma once
// From files to objects: TOML and Kubernetes manifests, mixed freely, every mistake of a run in one list.

#include <reeve/core/spec.hpp>

#include <tl/expected.hpp>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace reeve::config {

// What is wrong, and where. Line 0: the file as a whole.
struct Mistake {
  std::string file;
  int line = 0;
  int column = 0;
  std::string text;

  // "reeve.toml:3:1: unknown key ...", as a compiler prints it.
  std::string message() const;
};

// An object and where it is written.
struct Placed {
  Object object;
  std::string file;
  int line = 0;
};

struct Configuration {
  SupervisorSettings supervisor;
  Images images;
  Simulations simulations;
  std::vector<Placed> objects;  // defaults applied, validated, in the order of the files
};

using Loaded = tl::expected<Configuration, std::vector<Mistake>>;

// `recognised`: by the content.
enum class Format { toml, yaml, json, recognised };

struct Source {
  std::string name;
  std::string text;
  Format format = Format::recognised;
};

// Who knows what the images mean, which services there are to link to and what there is to depend on: these files, or
// somebody else (a running reeve; a simulation starts none).
enum class ImagesKnown { here, elsewhere };

// Reads files, directories (their *.toml, *.yaml, *.yml and *.json, sorted) and "-", the standard input. No path: an
// empty configuration.
Loaded load(std::span<const std::string> paths, ImagesKnown images = ImagesKnown::here);

class Reader;

// Where the files say what they say, as they are now: for telling a user which line decides.
class Places {
 public:
  // Standard input cannot be read again and is left out; files with mistakes are searched as far as they can be read.
  explicit Places(std::span<const std::string> paths);
  ~Places();
  Places(const Places&) = delete;
  Places& operator=(const Places&) = delete;

  // "web.toml:12" of a field such as "spec.containers[0].readinessProbe", as deep as the file goes; of the object for
  // an empty field. Nothing: no file holds the object.
  std::optional<std::string> find(const ObjectRef& object, std::string_view field) const;

 private:
  std::unique_ptr<Reader> reader_;
};

// The same for texts at hand.
Loaded parse(std::span<const Source> sources, ImagesKnown images = ImagesKnown::here);

}  // namespace reeve::config
