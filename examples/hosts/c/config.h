/* What a daemon's file says of the first plugin that is enabled. */
#ifndef CONFIG_H
#define CONFIG_H

#include <stddef.h>

struct plugin_config {
  char* library; /* canonical, absolute */
  char* section; /* YAML text; a part of `text` */
  size_t section_size;
  char* origin; /* "FILE:LINE" of the section */
  char* text;   /* the whole file */
};

/* Returns 0, or prints why not. In either case free_config() follows. */
int read_config(const char* path, struct plugin_config* config);
void free_config(struct plugin_config* config);

#endif
