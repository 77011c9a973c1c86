#pragma once
// Tells the user, line by line, what containers print and what reeve does.

#include <reeve/core/effect.hpp>
#include <reeve/core/event.hpp>
#include <reeve/core/log_line.hpp>

#include <string>
#include <string_view>

namespace reeve::runtime {

class Console;
class Journal;
enum class Priority;

class Narrator {
 public:
  explicit Narrator(Console& console) noexcept : console_(console) {}

  // A line of a container, without its newline. The prefix stands for who wrote it where lines are text.
  void container_line(std::string_view prefix, const LogLine& line);

  // Takes such lines with their fields; nullptr where output is not systemd's journal, or is JSON.
  Journal* journal() const noexcept;

  // "[reeve] Warning Unhealthy pod/web: Liveness probe failed: … (x3 over 10s)".
  void event(const Event& event);

  // What reeve itself has to say.
  void say(std::string_view text);
  void warn(std::string_view text);

 private:
  void tell(Priority priority, std::string_view text);
  void write(Priority priority, std::string_view colour, std::string_view head, std::string_view text);

  Console& console_;
};

// "[web/main]", coloured by its own name where colours are wanted is the narrator's business.
std::string log_prefix(const PodIdentity& pod, const ContainerSpec& container);

}  // namespace reeve::runtime
