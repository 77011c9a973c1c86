#include <reeve/core/random.hpp>

namespace reeve {

std::string random_suffix(Random& random, int length) {
  constexpr char letters[] = "bcdfghjklmnpqrstvwxz2456789";
  std::string suffix;
  for (int i = 0; i < length; ++i) suffix += letters[random.below(sizeof(letters) - 1)];
  return suffix;
}

std::string random_uid(Random& random, std::string_view ending) {
  constexpr char digits[] = "0123456789abcdef";
  std::string uid = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx";
  for (char& c : uid) {
    if (c == 'x') c = digits[random.below(16)];
    if (c == 'y') c = digits[8 + random.below(4)];
  }
  ending = ending.substr(0, uid.size());
  return uid.replace(uid.size() - ending.size(), ending.size(), ending);
}

}  // namespace reeve
