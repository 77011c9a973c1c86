#pragma once
// What behave tries from where it is: networks, processes, shared memory, a terminal. Each prints one line of outcome.

void try_connect(char** address_and_port);
void try_connect_abstract(char** name);
void try_kill(char** pid);
void try_trace(char** pid);
void try_listen(char** port);
void write_shared(char** key_and_text);
void read_shared(char** key);
void print_file(char** path);
void print_terminal(char** none);
void echo_line(char** none);
