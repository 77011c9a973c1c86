#pragma once
// From texts to a configuration, in passes: every text to drafts, every draft to an object, then what objects say of
// each other. Mistakes of all passes end in one list.

#include "config/draft.hpp"

#include <reeve/config/load.hpp>
#include <reeve/core/dependency.hpp>
#include <reeve/core/socket_use.hpp>
#include <reeve/core/validate.hpp>

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace reeve::config {

// "pod \"web\"".
std::string title(Kind kind, const std::string& name);
std::string title(const Object& object);

// Binds a draft and completes it with defaults; the faults say what could not be bound.
Object object_of(const Draft& draft, std::vector<Fault>& faults);

class Reader {
 public:
  explicit Reader(ImagesKnown images) : images_known_(images) {}

  // One file's text, or what kept it from being read.
  void read(const Source& source);
  void unreadable(const std::string& name, std::string why);

  // All of it, after the last file.
  Loaded finish();

  // "web.toml:12": where an object, or a field of it, was written.
  std::optional<std::string> find(const ObjectRef& object, std::string_view field) const;

 private:
  // An object on its way: what was written, what it became, and where mistakes in it belong.
  struct Item {
    Draft draft;
    Object object;
    std::size_t file = 0;
    std::map<Position, std::string> faults;  // what could not be bound
    std::set<const Node*> misread;           // nodes with such a fault in them or inside
    bool has_selector = true;                // false: whom it serves could not be found, and was said
  };
  struct Note {
    std::size_t file;
    Fault fault;
  };
  // Where something was first given.
  struct First {
    std::string what;
    std::string place;
  };

  void note(std::size_t file, Position position, std::string text) {
    notes_.push_back({file, {position, std::move(text)}});
  }
  std::string place(std::size_t file, Position position) const;
  void take_supervisor(const Entry& entry, std::size_t file);
  void take_images(const Node::Map& images, std::size_t file);
  void take_image(const Entry& entry, ImageSpec& image, std::size_t file);
  void take_simulation(Entry& entry, std::size_t file);

  void index_names();
  void resolve_target(Item& item);
  KeyNames names_of(Kind kind) const;
  void check_simulation_targets();
  void validate_item(Item& item);
  static bool follows_from_another(const Item& item, const FieldError& error, const Located& located);
  void check_links(const Item& item);
  void check_link(const Item& item, const PodSpec& pod, const std::string& name, Position position);
  void check_isolation(const Item& item);
  void check_dependencies();
  void check_ending();
  void check_dependency(const Item& item, const std::string& text, Position position, const DependencyGraph& graph);
  void check_sockets();
  void check_socket_use(const Item& item, const SocketUse& use, Position position);
  void check_unlinkable(const Item& item);
  void check_images(const Item& item);
  void check_container(const Item& item, const ContainerSpec& container, const std::string& path);
  void check_duplicates(const Item& item);
  void check_cluster_ip(const Item& item);
  void check_addresses(const Item& item);
  void check_selectors(const Item& item);
  const Item* selected_by(const DeploymentObject& deployment) const;        // its selector matches their pods
  const Item* selecting_pods_of(const DeploymentObject& deployment) const;  // their selector matches its pods
  void check_taken(const Item& item, const std::string& address, const std::string& path);
  std::vector<Mistake> mistakes();

  // A [simulate.NAME] table: who is meant is known after the last file.
  struct Simulated {
    std::string name;
    std::size_t file;
    Position position;
  };

  // Where [supervisor] says when reeve ends.
  struct Ending {
    std::size_t file;
    Position on_pods_finished;
    Position exit_code_from;
  };

  ImagesKnown images_known_;
  std::optional<Ending> ending_;
  std::vector<Simulated> simulated_;
  std::vector<std::string> files_;
  std::vector<Note> notes_;
  std::vector<Item> items_;
  Configuration configuration_;
  std::string supervisor_place_;
  std::map<std::string, std::string> image_places_;
  std::map<std::pair<Kind, std::string>, const Object*> objects_;  // by kind and name
  std::map<ObjectRef, const ServiceObject*> services_;
  std::map<ObjectRef, std::string> object_places_;
  std::map<std::string, First> addresses_;
  // Earlier deployments: by each label of their pods, and by the first of their selector.
  using LabelIn = std::tuple<std::string, std::string, std::string>;  // namespace, key, value
  std::map<LabelIn, std::vector<const Item*>> pods_with_;
  std::map<LabelIn, std::vector<const Item*>> selectors_with_;
};

}  // namespace reeve::config
