#pragma once
// What the terminal at standard output is good for.

#include <string>

namespace reeve::cli {

enum class Colours { no, yes };

// NO_COLOR is heeded.
Colours colours();

// Whether a line can be drawn over.
bool can_redraw();

// One line that is drawn over until it is wiped.
class LiveLine {
 public:
  ~LiveLine() { wipe(); }
  void draw(std::string text);
  void wipe();

 private:
  bool drawn_ = false;
};

}  // namespace reeve::cli
