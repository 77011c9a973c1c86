// Lists, single objects and watches.
#include "api/answer.hpp"

#include <reeve/linux/clock.hpp>

#include <algorithm>
#include <charconv>
#include <set>

namespace reeve::api {
tl::expected<Choice, Status> choice_of(const Request& request, const Route& route) {
  Choice choice{route.kind->kind, route.name_space, {}, {}};
  auto labels = LabelQuery::parse(request.parameter("labelSelector"));
  if (!labels) return tl::unexpected(bad_request(labels.error().what));
  std::string wanted = request.parameter("fieldSelector");
  if (!route.name.empty()) wanted += (wanted.empty() ? "" : ",") + ("metadata.name=" + route.name);
  auto fields = FieldQuery::parse(wanted);
  if (!fields) return tl::unexpected(bad_request(fields.error().what));
  std::vector<std::string_view> known{"metadata.name", "metadata.namespace"};
  known.insert(known.end(), route.kind->fields.begin(), route.kind->fields.end());
  if (const std::string unknown = fields->unknown_among(known); !unknown.empty()) {
    return tl::unexpected(bad_request("field label not supported: " + unknown));
  }
  choice.labels = *std::move(labels);
  choice.fields = *std::move(fields);
  return choice;
}

namespace {

std::string_view type_text(ChangeType type) {
  switch (type) {
    case ChangeType::added:
      return "ADDED";
    case ChangeType::modified:
      return "MODIFIED";
    case ChangeType::deleted:
      return "DELETED";
  }
  return {};
}

// Reads the history of its kind at its reader's pace; one that fell off its end is told so and ends.
class WatchStream final : public Stream {
 public:
  struct Options {
    Choice choice;
    Form form;
    std::uint64_t version = 0;
    bool has_bookmarks = false;
    std::optional<Instant> ends_at;
  };

  WatchStream(const Answerer& answerer, Options options, const std::vector<Snapshot>& present, bool tells_present)
      : answerer_(answerer), options_(std::move(options)), version_(options_.version) {
    for (const Snapshot& each : present) {
      if (options_.choice.is_narrow()) known_.insert(key_of(each));
      if (tells_present) tell("ADDED", formed(each, options_.form, answerer_.now()));
    }
    if (tells_present) bookmark();
    if (options_.has_bookmarks) bookmark_at_ = linux::monotonic_now() + bookmark_period;
  }

  State produce(std::string& out, std::size_t room, Instant now) override {
    out += std::exchange(waiting_, {});
    const History& history = answerer_.history(options_.choice.kind);
    if (!history.reaches_back_to(version_)) {
      out += "{\"type\":\"ERROR\",\"object\":" + without_newline(expired().json()) + "}\n";
      return State::ended;
    }
    while (out.size() < room) {
      const auto entry = history.after(version_);
      if (!entry) break;
      version_ = entry->snapshot.version;
      take(*entry);
      out += std::exchange(waiting_, {});
    }
    if (bookmark_at_ && *bookmark_at_ <= now) {
      bookmark();
      bookmark_at_ = now + bookmark_period;
    }
    const bool ends = options_.ends_at && *options_.ends_at <= now;
    if (ends) bookmark();
    out += std::exchange(waiting_, {});
    return ends ? State::ended : State::open;
  }

  std::optional<Instant> deadline() const override {
    if (!bookmark_at_) return options_.ends_at;
    return options_.ends_at ? std::min(*options_.ends_at, *bookmark_at_) : *bookmark_at_;
  }

  bool is_watch() const override { return true; }

 private:
  static constexpr Duration bookmark_period = seconds(60);

  static std::string key_of(const Snapshot& each) { return each.name_space + '/' + each.name; }
  static std::string without_newline(std::string text) {
    if (text.ends_with('\n')) text.pop_back();
    return text;
  }

  void tell(std::string_view type, const std::string& object) {
    waiting_ += "{\"type\":\"";
    waiting_ += type;
    waiting_ += "\",\"object\":";
    waiting_ += object;
    waiting_ += "}\n";
  }

  // An object that stops to match is gone for this watcher, one that begins to is new (cacher's watch filter).
  void take(const HistoryEntry& entry) {
    const Snapshot& each = entry.snapshot;
    const bool matches = options_.choice.matches(each);
    ChangeType type = entry.type;
    if (options_.choice.is_narrow()) {
      const bool was_known = known_.erase(key_of(each)) != 0;
      if (matches && type != ChangeType::deleted) known_.insert(key_of(each));
      if (!was_known && !matches) return;
      if (!was_known && type != ChangeType::deleted) type = ChangeType::added;
      if (was_known && !matches) type = ChangeType::deleted;
    } else if (!matches) {
      return;
    }
    tell(type_text(type), formed(each, options_.form, answerer_.now()));
  }

  void bookmark() {
    if (!options_.has_bookmarks) return;
    const KindInfo& kind = info(options_.choice.kind);
    const std::string_view api_version = options_.form.api_version;
    std::string object = "{\"kind\":\"";
    object += kind.name;
    object += "\",\"apiVersion\":\"";
    object += api_version.empty() ? version_of(kind) : api_version;
    object += "\",\"metadata\":{\"resourceVersion\":\"" + std::to_string(version_) + "\",\"creationTimestamp\":null}}";
    if (options_.form.is_table()) object = table_head(kind, options_.form, {.version = version_}) + "]}";
    tell("BOOKMARK", object);
  }

  const Answerer& answerer_;
  Options options_;
  std::uint64_t version_;  // everything up to it was told
  std::set<std::string> known_;
  std::string waiting_;
  std::optional<Instant> bookmark_at_;
};

}  // namespace

namespace {

// Where the next page of a list begins: after which object, and what the first page was as of. What changes between
// two pages is told by a watch from there.
struct PageStart {
  std::uint64_t version = 0;
  std::string after;  // NAMESPACE/NAME

  std::string token() const { return std::to_string(version) + '/' + after; }
};

std::string page_key(const Snapshot& each) { return each.name_space + '/' + each.name; }

std::optional<PageStart> page_start(const std::string& token) {
  PageStart start;
  const char* const end = token.data() + token.size();
  const auto [stop, error] = std::from_chars(token.data(), end, start.version);
  if (error != std::errc() || stop == end || *stop != '/') return std::nullopt;
  start.after.assign(stop + 1, end);
  return start;
}

// Cuts a list that is asked for in pages to the one that is meant; says how it goes on.
tl::expected<ListMeta, Status> take_page(const Request& request, std::vector<Snapshot>& list, std::uint64_t version) {
  ListMeta meta{version, {}, 0};
  const std::string& token = request.parameter("continue");
  const auto limit = static_cast<std::size_t>(std::max<std::int64_t>(request.number("limit").value_or(0), 0));
  if (token.empty() && limit == 0) return meta;
  std::ranges::sort(list, {}, page_key);
  if (!token.empty()) {
    const auto start = page_start(token);
    if (!start || start->version > version) {
      return tl::unexpected(bad_request("continue key is not valid: " + token));
    }
    meta.version = start->version;
    std::erase_if(list, [&](const Snapshot& each) { return page_key(each) <= start->after; });
  }
  if (limit == 0 || list.size() <= limit) return meta;
  meta.remaining = list.size() - limit;
  list.resize(limit);
  meta.next = PageStart{meta.version, page_key(list.back())}.token();
  return meta;
}

}  // namespace

Reply Answerer::list(const Request& request, const Route& route) {
  const auto choice = choice_of(request, route);
  if (!choice) return reply_with(choice.error());
  record(route.kind->kind);
  const Form form = form_of(request.accept, request.parameter("includeObject"), route.api_version);
  std::vector<Snapshot> found = renderer_.all(route.kind->kind, route.name_space, form.depth());
  std::erase_if(found, [&](const Snapshot& each) { return !choice->matches(each); });
  const auto meta = take_page(request, found, host_.supervisor().version());
  if (!meta) return reply_with(meta.error());
  const WallTime moment = now();
  std::string text = list_head(*route.kind, form, *meta);
  bool is_first = true;
  for (const Snapshot& each : found) {
    if (!std::exchange(is_first, false)) text += ',';
    text += list_item(each, form, moment);
  }
  return reply_with(text + "]}\n");
}

Reply Answerer::get(const Request& request, const Route& route) {
  record(route.kind->kind);
  const Form form = form_of(request.accept, request.parameter("includeObject"), route.api_version);
  const auto found = renderer_.find(route.kind->kind, route.name_space, route.name, form.depth());
  if (!found) return reply_with(not_found(*route.kind, route.name));
  return reply_with(formed(*found, form, now()) + '\n');
}

Reply Answerer::watch(const Request& request, const Route& route) {
  auto choice = choice_of(request, route);
  if (!choice) return reply_with(choice.error());
  const std::string& given = request.parameter("resourceVersion");
  std::uint64_t version = 0;
  const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), version);
  if (!given.empty() && (error != std::errc() || end != given.data() + given.size())) {
    return reply_with(bad_request("Invalid value: \"" + given + "\": resourceVersion is not a number"));
  }
  record(route.kind->kind);
  const Form form = form_of(request.accept, request.parameter("includeObject"), route.api_version);
  WatchStream::Options options{*std::move(choice), form, version, request.flag("allowWatchBookmarks"), {}};
  if (const auto limit = request.number("timeoutSeconds"); limit && *limit > 0) {
    options.ends_at = linux::monotonic_now() + seconds(std::min<std::int64_t>(*limit, 1'000'000));
  }
  const bool tells_present = version == 0;
  if (tells_present) options.version = host_.supervisor().version();
  std::vector<Snapshot> present;
  if (tells_present || options.choice.is_narrow()) {
    present = renderer_.all(route.kind->kind, route.name_space, tells_present ? form.depth() : Depth::row);
    std::erase_if(present, [&](const Snapshot& each) { return !options.choice.matches(each); });
  }
  Reply reply;
  reply.stream = std::make_unique<WatchStream>(*this, std::move(options), std::move(present), tells_present);
  return reply;
}

}  // namespace reeve::api
