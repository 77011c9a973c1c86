#include "config/reader.hpp"

#include <reeve/core/text.hpp>

#include <algorithm>
#include <tuple>

namespace reeve::config {
namespace {

// What a text looks like: JSON begins with a brace; TOML's first words are a [header] or key = value.
Format recognise(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line.remove_prefix(std::min(line.find_first_not_of(" \t\r"), line.size()));
    if (line.empty() || line.front() == '#') continue;
    if (line.front() == '{') return Format::json;
    if (line.front() == '[') return Format::toml;
    return line.find('=') < line.find(':') ? Format::toml : Format::yaml;
  }
  return Format::toml;
}

Drafts failed(Fault fault) {
  Drafts drafts;
  drafts.faults.push_back(std::move(fault));
  return drafts;
}

Drafts drafts_of(const Source& source) {
  std::string_view text = source.text;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  if (Fault fault = text_fault(text); fault.position.line != 0) return failed(std::move(fault));
  const Format format = source.format == Format::recognised ? recognise(text) : source.format;
  Drafts drafts;
  if (format == Format::yaml) {
    auto documents = read_yaml(text);
    if (!documents) return failed(std::move(documents).error());
    for (Node& each : *documents) read_manifest(std::move(each), drafts);
    return drafts;
  }
  auto root = format == Format::json ? read_json(text) : read_toml(text);
  if (!root) return failed(std::move(root).error());
  format == Format::json ? read_manifest(*std::move(root), drafts) : desugar(*std::move(root), drafts);
  return drafts;
}

Object empty_object(Kind kind) {
  switch (kind) {
    case Kind::deployment:
      return DeploymentObject{};
    case Kind::service:
      return ServiceObject{};
    case Kind::pod:
    case Kind::replica_set:
    case Kind::node:
      return PodObject{};
  }
  return PodObject{};
}

std::string name_in(const Node& body) {
  const Node* const metadata = body.find("metadata");
  const Node* const name = metadata == nullptr ? nullptr : metadata->find("name");
  return name != nullptr && name->text() != nullptr ? *name->text() : std::string();
}

// SetDefaults_Deployment of extensions/v1beta1: what the template's labels say need not be said again.
void take_labels_from_template(DeploymentObject& deployment) {
  const Labels& labels = deployment.spec.pod_template.metadata.labels;
  if (deployment.spec.selector.match_labels.empty()) deployment.spec.selector.match_labels = labels;
  if (deployment.metadata.labels.empty()) deployment.metadata.labels = labels;
}

}  // namespace

Object object_of(const Draft& draft, std::vector<Fault>& faults) {
  Object object = empty_object(draft.kind);
  Binder binder(faults, draft.dialect, draft.dialect == Dialect::toml ? reserved_names(draft.kind) : KeyNames{});
  const std::string where = title(draft.kind, name_in(draft.body));
  std::visit([&](auto& each) { binder.bind(draft.body, each, where); }, object);
  if (auto* deployment = std::get_if<DeploymentObject>(&object); deployment != nullptr && draft.labels_from_template) {
    take_labels_from_template(*deployment);
  }
  apply_defaults(object);
  return object;
}

std::string title(Kind kind, const std::string& name) {
  // "Pod" gives " pod": the noun of a list's key starts small.
  return noun_of(kind_name(kind)).substr(1) + ' ' + quoted(name);
}

std::string title(const Object& object) {
  const ObjectRef ref = ref_of(object);
  return title(ref.kind, ref.name);
}

void Reader::unreadable(const std::string& name, std::string why) {
  files_.push_back(name);
  note(files_.size() - 1, {}, std::move(why));
}

std::string Reader::place(std::size_t file, Position position) const {
  return files_[file] + ':' + std::to_string(position.line);
}

void Reader::read(const Source& source) {
  files_.push_back(source.name);
  const std::size_t file = files_.size() - 1;
  Drafts drafts = drafts_of(source);
  for (Fault& fault : drafts.faults) note(file, fault.position, std::move(fault.text));
  if (drafts.supervisor) take_supervisor(*drafts.supervisor, file);
  take_images(drafts.images, file);
  for (Entry& each : drafts.simulations) take_simulation(each, file);
  for (Draft& draft : drafts.objects) {
    std::vector<Fault> faults;
    Object object = object_of(draft, faults);
    items_.push_back({std::move(draft), std::move(object), file, {}, {}});
    // The short form's labels are bound for the object, its selector and its template: each fault counts once.
    for (Fault& fault : faults) items_.back().faults.emplace(fault.position, std::move(fault.text));
  }
}

void Reader::take_supervisor(const Entry& entry, std::size_t file) {
  if (!supervisor_place_.empty()) {
    return note(file, entry.position, "[supervisor] is given twice: first at " + supervisor_place_);
  }
  supervisor_place_ = place(file, entry.position);
  ending_ = {file, locate(entry.value, "onPodsFinished").position, locate(entry.value, "exitCodeFrom").position};
  std::vector<Fault> faults;
  Binder(faults, Dialect::toml).bind(entry.value, configuration_.supervisor, "supervisor");
  for (Fault& fault : faults) note(file, fault.position, std::move(fault.text));
  for (const FieldError& error : validate(configuration_.supervisor)) {
    note(file, locate(entry.value, error.field).position, "supervisor: " + error.message());
  }
}

void Reader::take_images(const Node::Map& images, std::size_t file) {
  for (const Entry& entry : images) {
    const auto [found, is_new] = image_places_.emplace(entry.key, place(file, entry.position));
    if (is_new) {
      take_image(entry, configuration_.images[entry.key], file);
    } else {
      note(file, entry.position, "image " + quoted(entry.key) + " is given twice: first at " + found->second);
    }
  }
}

void Reader::take_image(const Entry& entry, ImageSpec& image, std::size_t file) {
  const Position position = entry.value.position;
  const std::string where = "image " + quoted(entry.key);
  if (const auto* root = entry.value.text()) {
    image.root = *root;
  } else if (entry.value.map() != nullptr) {
    std::vector<Fault> faults;
    Binder(faults, Dialect::toml, field_names<ImageSpec>()).bind(entry.value, image, where);
    for (Fault& fault : faults) note(file, fault.position, std::move(fault.text));
  } else {
    return note(
        file, position,
        where + ": expected a root directory or a table, found " + std::string(type_name(entry.value, Dialect::toml)));
  }
  if (!image.root.starts_with('/')) {
    note(file, position, where + ": root " + quoted(image.root) + " must be an absolute path");
  }
}

void Reader::take_simulation(Entry& entry, std::size_t file) {
  const std::string where = "simulate " + quoted(entry.key);
  const auto [found, is_new] = configuration_.simulations.try_emplace(entry.key);
  if (!is_new) return note(file, entry.position, where + " is given twice");
  std::vector<Fault> faults;
  Binder(faults, Dialect::toml).bind(entry.value, found->second, where);
  for (Fault& fault : faults) note(file, fault.position, std::move(fault.text));
  for (const FieldError& error : validate(found->second)) {
    note(file, locate(entry.value, error.field).position, where + ": " + error.message());
  }
  simulated_.push_back({entry.key, file, entry.position});
}

void Reader::check_simulation_targets() {
  for (const Simulated& each : simulated_) {
    if (objects_.contains({Kind::pod, each.name}) || objects_.contains({Kind::deployment, each.name})) continue;
    KeyNames near = names_of(Kind::pod);
    const KeyNames more = names_of(Kind::deployment);
    near.insert(near.end(), more.begin(), more.end());
    note(each.file, each.position,
         "there is no pod or deployment " + quoted(each.name) + " to simulate" + did_you_mean(each.name, near));
  }
}

std::vector<Mistake> Reader::mistakes() {
  std::ranges::stable_sort(notes_, {}, [](const Note& each) { return std::tuple(each.file, each.fault.position); });
  std::vector<Mistake> list;
  for (Note& each : notes_) {
    const Position position = each.fault.position;
    list.push_back({files_[each.file], position.line, position.column, std::move(each.fault.text)});
  }
  return list;
}

std::optional<std::string> Reader::find(const ObjectRef& object, std::string_view field) const {
  const auto item = std::ranges::find_if(items_, [&](const Item& each) { return ref_of(each.object) == object; });
  if (item == items_.end()) return std::nullopt;
  const Position at = field.empty() ? item->draft.position : locate(item->draft.body, field).position;
  return files_[item->file] + ':' + std::to_string(at.line);
}

Loaded Reader::finish() {
  index_names();
  check_simulation_targets();
  for (Item& item : items_) resolve_target(item);
  for (Item& item : items_) {
    validate_item(item);
    if (images_known_ == ImagesKnown::here) {
      check_images(item);
      check_links(item);
      check_isolation(item);
    }
    check_duplicates(item);
    if (images_known_ == ImagesKnown::here) check_cluster_ip(item);
    check_addresses(item);
    check_selectors(item);
  }
  check_dependencies();
  if (images_known_ == ImagesKnown::here) {
    check_sockets();
    check_ending();
  }
  // Where the API is served over TCP, they may come from there.
  if (items_.empty() && notes_.empty() && configuration_.supervisor.api.empty()) {
    if (files_.empty()) files_.emplace_back("reeve");
    note(0, {}, "no objects: nothing to run; write a [pod.NAME] or [deployment.NAME] with a command");
  }
  if (!notes_.empty()) return tl::unexpected(mistakes());
  for (Item& item : items_) {
    configuration_.objects.push_back({std::move(item.object), files_[item.file], item.draft.position.line});
  }
  return std::move(configuration_);
}

Loaded parse(std::span<const Source> sources, ImagesKnown images) {
  Reader reader(images);
  for (const Source& source : sources) reader.read(source);
  return reader.finish();
}

}  // namespace reeve::config
