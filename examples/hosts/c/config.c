#define _XOPEN_SOURCE 700
#include "config.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

/* The file and a line end: so a block always ends before the end of the text. */
static char* read_file(const char* path) {
  FILE* file = fopen(path, "rb");
  char* text = NULL;
  if (file && fseek(file, 0, SEEK_END) == 0) {
    const long size = ftell(file);
    rewind(file);
    text = size >= 0 ? calloc((size_t)size + 2, 1) : NULL;
    if (text && fread(text, 1, (size_t)size, file) == (size_t)size) {
      text[size] = '\n';
    } else {
      free(text);
      text = NULL;
    }
  }
  if (file)
    fclose(file);
  return text;
}

static const char* scalar(const yaml_node_t* node) {
  return node && node->type == YAML_SCALAR_NODE ? (const char*)node->data.scalar.value : "";
}

/* The value of a key; NULL: `map` is no mapping, or has no such key. */
static yaml_node_t* find(yaml_document_t* document, const yaml_node_t* map, const char* key) {
  if (!map || map->type != YAML_MAPPING_NODE)
    return NULL;
  for (yaml_node_pair_t* pair = map->data.mapping.pairs.start; pair < map->data.mapping.pairs.top;
       ++pair)
    if (strcmp(scalar(yaml_document_get_node(document, pair->key)), key) == 0)
      return yaml_document_get_node(document, pair->value);
  return NULL;
}

static yaml_node_t* first_enabled(yaml_document_t* document, const yaml_node_t* plugins) {
  if (!plugins || plugins->type != YAML_SEQUENCE_NODE)
    return NULL;
  for (yaml_node_item_t* item = plugins->data.sequence.items.start;
       item < plugins->data.sequence.items.top; ++item) {
    yaml_node_t* plugin = yaml_document_get_node(document, *item);
    if (strcmp(scalar(find(document, plugin, "enabled")), "false") != 0)
      return plugin;
  }
  return NULL;
}

/* Marks of libyaml count characters. */
static char* at(char* text, size_t index) {
  for (; index > 0; --index)
    do
      ++text;
    while (((unsigned char)*text & 0xc0) == 0x80);
  return text;
}

/* The source of the section, so that its comments and lines stay what they are. */
static void cut_section(struct plugin_config* config, const char* path, const yaml_node_t* node) {
  const size_t origin_size = strlen(path) + 32;
  config->origin = calloc(origin_size, 1);
  config->section = config->text;
  if (config->origin)
    strcpy(config->origin, path);
  if (!node || node->type != YAML_MAPPING_NODE || !config->origin)
    return;
  config->section = at(config->text, node->start_mark.index);
  if (node->data.mapping.style == YAML_BLOCK_MAPPING_STYLE)
    config->section -= node->start_mark.column; /* with the first line's indentation */
  config->section_size = (size_t)(at(config->text, node->end_mark.index) - config->section);
  snprintf(config->origin, origin_size, "%s:%zu", path, node->start_mark.line + 1);
}

/* Absolute, or in plugin_dir, which may be relative to the file's folder. */
static char* find_library(const char* path, const char* plugin_dir, const char* library) {
  char* copy = strdup(path);
  const size_t size = strlen(path) + strlen(plugin_dir) + strlen(library) + 4;
  char* joined = malloc(size);
  char* canonical = NULL;
  if (copy && joined) {
    if (library[0] == '/')
      snprintf(joined, size, "%s", library);
    else if (plugin_dir[0] == '/')
      snprintf(joined, size, "%s/%s", plugin_dir, library);
    else
      snprintf(joined, size, "%s/%s/%s", dirname(copy), plugin_dir, library);
    canonical = realpath(joined, NULL);
    if (!canonical)
      perror(joined);
  }
  free(copy);
  free(joined);
  return canonical;
}

int read_config(const char* path, struct plugin_config* config) {
  yaml_parser_t parser;
  yaml_document_t document;
  memset(config, 0, sizeof *config);
  config->text = read_file(path);
  if (!config->text || !yaml_parser_initialize(&parser)) {
    perror(path);
    return -1;
  }
  yaml_parser_set_input_string(&parser, (const unsigned char*)config->text, strlen(config->text));
  if (!yaml_parser_load(&parser, &document)) {
    fprintf(stderr, "%s:%zu: %s\n", path, parser.problem_mark.line + 1, parser.problem);
    yaml_parser_delete(&parser);
    return -1;
  }
  const yaml_node_t* root = yaml_document_get_root_node(&document);
  const yaml_node_t* plugin = first_enabled(&document, find(&document, root, "plugins"));
  if (plugin) {
    config->library = find_library(path, scalar(find(&document, root, "plugin_dir")),
                                   scalar(find(&document, plugin, "library")));
    cut_section(config, path, find(&document, plugin, "config"));
  } else {
    fprintf(stderr, "%s: no plugin is enabled\n", path);
  }
  yaml_document_delete(&document);
  yaml_parser_delete(&parser);
  return config->library && config->origin ? 0 : -1;
}

void free_config(struct plugin_config* config) {
  free(config->library);
  free(config->origin);
  free(config->text);
}
