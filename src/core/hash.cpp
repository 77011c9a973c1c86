#include <reeve/core/fields.hpp>
#include <reeve/core/hash.hpp>

#include <concepts>
#include <type_traits>

namespace reeve {
namespace {

// Feeds every field of a spec, by name, into the hash. Fields at their default are left out, so that a new field
// does not change the hash of every template that was written before it.
template <class Word>
class Hasher {
 public:
  Word hash() const noexcept { return hash_; }

  void add(const std::string& text) {
    number(text.size());
    mix(text);
  }
  void add(Duration duration) { number(static_cast<std::uint64_t>(duration.count())); }
  void add(double value) { add(std::to_string(value)); }
  template <class T>
  requires std::integral<T> || std::is_enum_v<T>
  void add(T value) { number(static_cast<std::uint64_t>(value)); }

  template <class T>
  void add(const std::optional<T>& value) {
    if (value) add(*value);
  }
  template <class T>
  void add(const Boxed<T>& value) {
    if (value) add(*value);
  }
  template <class T>
  void add(const std::vector<T>& values) {
    number(values.size());
    for (const T& each : values) add(each);
  }
  void add(const Labels& labels) {
    number(labels.size());
    for (const auto& [name, value] : labels) {
      add(name);
      add(value);
    }
  }
  void add(const IntOrString& either) {
    std::visit([this](const auto& value) { add(value); }, either);
  }
  template <class T>
  requires requires { FieldsOf<T>::list; }
  void add(const T& spec) {
    const T untouched{};
    for_each_field<T>([&](const auto& field) {
      if (spec.*field.member == untouched.*field.member) return;
      mix(field.name);
      add(spec.*field.member);
    });
  }

 private:
  void number(std::uint64_t value) {
    char bytes[8];
    for (char& byte : bytes) {
      byte = static_cast<char>(value & 0xff);
      value >>= 8;
    }
    mix({bytes, sizeof bytes});
  }

  void mix(std::string_view bytes) {
    if constexpr (sizeof(Word) == 4) hash_ = fnv1a(bytes, hash_);
    if constexpr (sizeof(Word) == 8) hash_ = fnv1a_64(bytes, hash_);
  }

  Word hash_ = sizeof(Word) == 4 ? static_cast<Word>(fnv1a({})) : static_cast<Word>(fnv1a_64({}));
};

}  // namespace

std::string template_hash(const PodTemplate& pod_template, std::int32_t collisions) {
  Hasher<std::uint32_t> hasher;
  hasher.add(pod_template);
  if (collisions > 0) hasher.add(collisions);
  std::string digits = std::to_string(hasher.hash());
  for (char& digit : digits) digit = "456789bcdf"[digit - '0'];
  return digits;
}

std::uint64_t object_hash(const Object& object) {
  Hasher<std::uint64_t> hasher;
  std::visit([&](const auto& each) { hasher.add(each); }, object);
  return hasher.hash();
}

}  // namespace reeve
