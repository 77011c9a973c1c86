#include "config/reader.hpp"

#include <reeve/config/load.hpp>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <system_error>

namespace reeve::config {
namespace {

namespace fs = std::filesystem;

Format format_of(const fs::path& path) {
  const std::string extension = path.extension().string();
  if (extension == ".toml") return Format::toml;
  if (extension == ".yaml" || extension == ".yml") return Format::yaml;
  return extension == ".json" ? Format::json : Format::recognised;
}

std::string why(int code) { return std::error_code(code, std::generic_category()).message(); }

// One byte more than may be is enough to know that it is too much.
std::string read_some(std::istream& stream) {
  std::string text(file_bytes_max + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return text;
}

void read_file(Reader& reader, const std::string& path) {
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return reader.unreadable(path, "cannot open the file: " + why(errno));
  std::string text = read_some(stream);
  if (stream.bad()) return reader.unreadable(path, "cannot read the file: " + why(errno));
  reader.read({path, std::move(text), format_of(path)});
}

void read_directory(Reader& reader, const std::string& path) {
  std::error_code error;
  std::vector<std::string> files;
  for (fs::directory_iterator each(path, error), end; !error && each != end; each.increment(error)) {
    if (format_of(each->path()) != Format::recognised) files.push_back(each->path().string());
  }
  if (error) return reader.unreadable(path, "cannot open the directory: " + error.message());
  if (files.empty()) return reader.unreadable(path, "the directory holds no *.toml, *.yaml, *.yml or *.json");
  std::ranges::sort(files);
  for (const std::string& file : files) read_file(reader, file);
}

}  // namespace

std::string Mistake::message() const {
  if (line == 0) return file + ": " + text;
  return file + ':' + std::to_string(line) + ':' + std::to_string(column) + ": " + text;
}

namespace {

void read_path(Reader& reader, const std::string& path) {
  std::error_code ignored;
  fs::is_directory(path, ignored) ? read_directory(reader, path) : read_file(reader, path);
}

}  // namespace

Loaded load(std::span<const std::string> paths, ImagesKnown images) {
  if (paths.empty()) return Configuration{};
  Reader reader(images);
  for (const std::string& path : paths) {
    if (path == "-") {
      reader.read({"<stdin>", read_some(std::cin), Format::recognised});
    } else {
      read_path(reader, path);
    }
  }
  return reader.finish();
}

Places::Places(std::span<const std::string> paths) : reader_(std::make_unique<Reader>(ImagesKnown::elsewhere)) {
  for (const std::string& path : paths) {
    if (path != "-") read_path(*reader_, path);
  }
}

Places::~Places() = default;

std::optional<std::string> Places::find(const ObjectRef& object, std::string_view field) const {
  return reader_->find(object, field);
}

}  // namespace reeve::config
