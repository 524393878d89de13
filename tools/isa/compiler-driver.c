/*
 * A Vulkan driver in front of another one, which needs no GPU: RADV compiles for AMD GPUs that are not
 * there, and this layer makes the device usable and keeps what the compiler says.
 *
 *   ISA_DRIVER   the driver behind: libvulkan_radeon.so
 *   ISA_OUTPUT   a folder; the n-th compute pipeline leaves <n>.json (statistics) and <n>.asm there
 *
 * Commands, submissions and waiting do nothing and succeed at once, so results are garbage.
 */
#define _GNU_SOURCE
#define VK_NO_PROTOTYPES
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vulkan/vulkan.h>

#define MAX_EXECUTABLES 4
#define MAX_STATISTICS 64

typedef PFN_vkVoidFunction (*GetProc)(VkInstance, const char *);

static GetProc next_instance_proc, next_physical_proc;
static VkResult (*next_negotiate)(uint32_t *);
static PFN_vkGetDeviceProcAddr next_device_proc;
static VkInstance the_instance;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int pipelines_written;

static void load_driver(void) {
  if (next_instance_proc) return;
  const char *path = getenv("ISA_DRIVER");
  void *library = path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
  if (!library) {
    fprintf(stderr, "isa: ISA_DRIVER %s: %s\n", path ? path : "is not set", path ? dlerror() : "");
    abort();
  }
  next_instance_proc = (GetProc)dlsym(library, "vk_icdGetInstanceProcAddr");
  next_physical_proc = (GetProc)dlsym(library, "vk_icdGetPhysicalDeviceProcAddr");
  next_negotiate = (VkResult(*)(uint32_t *))dlsym(library, "vk_icdNegotiateLoaderICDInterfaceVersion");
}

/* A function of the driver behind; `type` is its PFN. */
#define OF_INSTANCE(name) ((PFN_##name)next_instance_proc(the_instance, #name))
#define OF_DEVICE(device, name) ((PFN_##name)next_device_proc(device, #name))

static VkResult create_instance(const VkInstanceCreateInfo *info, const VkAllocationCallbacks *allocator,
                                VkInstance *instance) {
  VkResult result = ((PFN_vkCreateInstance)next_instance_proc(NULL, "vkCreateInstance"))(info, allocator, instance);
  if (result == VK_SUCCESS) the_instance = *instance;
  return result;
}

/* The device is made with the extension that tells what pipelines were compiled to. */
static VkResult create_device(VkPhysicalDevice physical, const VkDeviceCreateInfo *info,
                              const VkAllocationCallbacks *allocator, VkDevice *device) {
  VkDeviceCreateInfo changed = *info;
  uint32_t count = info->enabledExtensionCount;
  const char **names = malloc(sizeof *names * (count + 1));
  memcpy(names, info->ppEnabledExtensionNames, sizeof *names * count);
  names[count] = VK_KHR_PIPELINE_EXECUTABLE_PROPERTIES_EXTENSION_NAME;
  changed.ppEnabledExtensionNames = names;
  changed.enabledExtensionCount = count + 1;
  VkPhysicalDevicePipelineExecutablePropertiesFeaturesKHR feature = {
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PIPELINE_EXECUTABLE_PROPERTIES_FEATURES_KHR, (void *)info->pNext, VK_TRUE};
  changed.pNext = &feature;
  VkResult result = OF_INSTANCE(vkCreateDevice)(physical, &changed, allocator, device);
  free(names);
  return result;
}

static void write_string(FILE *file, const char *text) {
  fputc('"', file);
  for (; *text; text++) {
    if (*text == '"' || *text == '\\') fputc('\\', file);
    if ((unsigned char)*text >= 32) fputc(*text, file);
  }
  fputc('"', file);
}

static FILE *open_output(const char *folder, int number, const char *kind) {
  char path[1024];
  snprintf(path, sizeof path, "%s/%d.%s", folder, number, kind);
  FILE *file = fopen(path, "w");
  if (!file) fprintf(stderr, "isa: cannot write %s\n", path);
  return file;
}

static void write_statistics(VkDevice device, const VkPipelineExecutableInfoKHR *executable, uint32_t subgroup,
                             FILE *file) {
  VkPipelineExecutableStatisticKHR found[MAX_STATISTICS] = {0};
  for (int i = 0; i < MAX_STATISTICS; i++) found[i].sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_STATISTIC_KHR;
  uint32_t count = MAX_STATISTICS;
  OF_DEVICE(device, vkGetPipelineExecutableStatisticsKHR)(device, executable, &count, found);
  fprintf(file, "{\"subgroup\":%u", subgroup);
  for (uint32_t i = 0; i < count; i++) {
    fputc(',', file);
    write_string(file, found[i].name);
    if (found[i].format == VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_FLOAT64_KHR)
      fprintf(file, ":%g", found[i].value.f64);
    else
      fprintf(file, ":%llu", (unsigned long long)found[i].value.u64);
  }
  fputs("}\n", file);
}

static void write_assembly(VkDevice device, const VkPipelineExecutableInfoKHR *executable, FILE *file) {
  PFN_vkGetPipelineExecutableInternalRepresentationsKHR get =
      OF_DEVICE(device, vkGetPipelineExecutableInternalRepresentationsKHR);
  uint32_t count = 0;
  get(device, executable, &count, NULL);
  VkPipelineExecutableInternalRepresentationKHR *found = calloc(count, sizeof *found);
  for (uint32_t i = 0; i < count; i++)
    found[i].sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INTERNAL_REPRESENTATION_KHR;
  get(device, executable, &count, found);
  for (uint32_t i = 0; i < count; i++) found[i].pData = malloc(found[i].dataSize + 1);
  get(device, executable, &count, found);
  for (uint32_t i = 0; i < count; i++) {
    fprintf(file, "=== %s\n%.*s\n", found[i].name, (int)found[i].dataSize, (const char *)found[i].pData);
    free(found[i].pData);
  }
  free(found);
}

static void write_pipeline(VkDevice device, VkPipeline pipeline) {
  const char *folder = getenv("ISA_OUTPUT");
  if (!folder) return;
  VkPipelineInfoKHR info = {VK_STRUCTURE_TYPE_PIPELINE_INFO_KHR, NULL, pipeline};
  VkPipelineExecutablePropertiesKHR properties[MAX_EXECUTABLES] = {0};
  for (int i = 0; i < MAX_EXECUTABLES; i++)
    properties[i].sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_PROPERTIES_KHR;
  uint32_t count = MAX_EXECUTABLES;
  OF_DEVICE(device, vkGetPipelineExecutablePropertiesKHR)(device, &info, &count, properties);
  if (count == 0) return;
  VkPipelineExecutableInfoKHR executable = {VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INFO_KHR, NULL, pipeline, 0};
  int number = pipelines_written++;
  FILE *assembly = open_output(folder, number, "asm");
  if (assembly) {
    write_assembly(device, &executable, assembly);
    fclose(assembly);
  }
  FILE *statistics = open_output(folder, number, "json");
  if (statistics) {
    write_statistics(device, &executable, properties[0].subgroupSize, statistics);
    fclose(statistics);
  }
}

static VkResult create_compute_pipelines(VkDevice device, VkPipelineCache cache, uint32_t count,
                                         const VkComputePipelineCreateInfo *infos,
                                         const VkAllocationCallbacks *allocator, VkPipeline *pipelines) {
  VkResult worst = VK_SUCCESS;
  for (uint32_t i = 0; i < count; i++) {
    VkComputePipelineCreateInfo info = infos[i];
    info.flags |= VK_PIPELINE_CREATE_CAPTURE_STATISTICS_BIT_KHR |
                  VK_PIPELINE_CREATE_CAPTURE_INTERNAL_REPRESENTATIONS_BIT_KHR;
    VkResult result = OF_DEVICE(device, vkCreateComputePipelines)(device, cache, 1, &info, allocator, &pipelines[i]);
    if (result != VK_SUCCESS) {
      worst = result;
      continue;
    }
    pthread_mutex_lock(&mutex);
    write_pipeline(device, pipelines[i]);
    pthread_mutex_unlock(&mutex);
  }
  return worst;
}

/* RADV's null device has no memory: one heap and one type that can do everything take its place. */
static void give_memory(VkPhysicalDeviceMemoryProperties *memory) {
  if (memory->memoryHeapCount == 0) memory->memoryHeapCount = 1;
  if (memory->memoryTypeCount == 0) {
    memory->memoryTypeCount = 1;
    memory->memoryTypes[0].heapIndex = 0;
  }
  for (uint32_t i = 0; i < memory->memoryTypeCount; i++)
    memory->memoryTypes[i].propertyFlags |= VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT | VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
                                            VK_MEMORY_PROPERTY_HOST_COHERENT_BIT | VK_MEMORY_PROPERTY_HOST_CACHED_BIT;
  for (uint32_t i = 0; i < memory->memoryHeapCount; i++) {
    memory->memoryHeaps[i].size = 16ull << 30;
    memory->memoryHeaps[i].flags |= VK_MEMORY_HEAP_DEVICE_LOCAL_BIT;
  }
}

static void get_memory(VkPhysicalDevice physical, VkPhysicalDeviceMemoryProperties *memory) {
  OF_INSTANCE(vkGetPhysicalDeviceMemoryProperties)(physical, memory);
  give_memory(memory);
}

static void get_memory2(VkPhysicalDevice physical, VkPhysicalDeviceMemoryProperties2 *memory) {
  OF_INSTANCE(vkGetPhysicalDeviceMemoryProperties2)(physical, memory);
  give_memory(&memory->memoryProperties);
}

static void allow_a_type(VkMemoryRequirements *needs) {
  if (needs->memoryTypeBits == 0) needs->memoryTypeBits = 1;
}

static void get_buffer_needs(VkDevice device, VkBuffer buffer, VkMemoryRequirements *needs) {
  OF_DEVICE(device, vkGetBufferMemoryRequirements)(device, buffer, needs);
  allow_a_type(needs);
}

static void get_buffer_needs2(VkDevice device, const VkBufferMemoryRequirementsInfo2 *info,
                              VkMemoryRequirements2 *needs) {
  OF_DEVICE(device, vkGetBufferMemoryRequirements2)(device, info, needs);
  allow_a_type(&needs->memoryRequirements);
}

static void get_image_needs(VkDevice device, VkImage image, VkMemoryRequirements *needs) {
  OF_DEVICE(device, vkGetImageMemoryRequirements)(device, image, needs);
  allow_a_type(needs);
}

/* Stands for whatever is not done: it succeeds. */
static uint64_t do_nothing(void) { return VK_SUCCESS; }

/* Fences and semaphores are handles that mean nothing: nobody waits. */
static VkResult make_handle(VkDevice device, const void *info, const void *allocator, uint64_t *handle) {
  static uint64_t made = 1000;
  (void)device, (void)info, (void)allocator;
  *handle = ++made;
  return VK_SUCCESS;
}

static const struct {
  const char *name;
  PFN_vkVoidFunction function;
} REPLACED[] = {
    {"vkCreateComputePipelines", (PFN_vkVoidFunction)create_compute_pipelines},
    {"vkGetPhysicalDeviceMemoryProperties", (PFN_vkVoidFunction)get_memory},
    {"vkGetPhysicalDeviceMemoryProperties2", (PFN_vkVoidFunction)get_memory2},
    {"vkGetPhysicalDeviceMemoryProperties2KHR", (PFN_vkVoidFunction)get_memory2},
    {"vkGetBufferMemoryRequirements", (PFN_vkVoidFunction)get_buffer_needs},
    {"vkGetBufferMemoryRequirements2", (PFN_vkVoidFunction)get_buffer_needs2},
    {"vkGetBufferMemoryRequirements2KHR", (PFN_vkVoidFunction)get_buffer_needs2},
    {"vkGetImageMemoryRequirements", (PFN_vkVoidFunction)get_image_needs},
    {"vkCreateFence", (PFN_vkVoidFunction)make_handle},
    {"vkCreateSemaphore", (PFN_vkVoidFunction)make_handle},
    {"vkDestroyFence", (PFN_vkVoidFunction)do_nothing},
    {"vkDestroySemaphore", (PFN_vkVoidFunction)do_nothing},
    {"vkBeginCommandBuffer", (PFN_vkVoidFunction)do_nothing},
    {"vkEndCommandBuffer", (PFN_vkVoidFunction)do_nothing},
    {"vkResetCommandBuffer", (PFN_vkVoidFunction)do_nothing},
    {"vkQueueSubmit", (PFN_vkVoidFunction)do_nothing},
    {"vkQueueSubmit2", (PFN_vkVoidFunction)do_nothing},
    {"vkQueueSubmit2KHR", (PFN_vkVoidFunction)do_nothing},
    {"vkQueueWaitIdle", (PFN_vkVoidFunction)do_nothing},
    {"vkDeviceWaitIdle", (PFN_vkVoidFunction)do_nothing},
    {"vkGetFenceStatus", (PFN_vkVoidFunction)do_nothing},
    {"vkWaitForFences", (PFN_vkVoidFunction)do_nothing},
    {"vkResetFences", (PFN_vkVoidFunction)do_nothing},
    {"vkWaitSemaphores", (PFN_vkVoidFunction)do_nothing},
    {"vkWaitSemaphoresKHR", (PFN_vkVoidFunction)do_nothing},
};

static PFN_vkVoidFunction replacement(const char *name) {
  if (strncmp(name, "vkCmd", 5) == 0) return (PFN_vkVoidFunction)do_nothing;
  for (size_t i = 0; i < sizeof REPLACED / sizeof *REPLACED; i++)
    if (strcmp(name, REPLACED[i].name) == 0) return REPLACED[i].function;
  return NULL;
}

static PFN_vkVoidFunction get_device_proc(VkDevice device, const char *name) {
  PFN_vkVoidFunction real = next_device_proc(device, name);
  PFN_vkVoidFunction ours = real ? replacement(name) : NULL;
  return ours ? ours : real;
}

/* What Vulkan's loader calls. */

PFN_vkVoidFunction vk_icdGetInstanceProcAddr(VkInstance instance, const char *name) {
  load_driver();
  PFN_vkVoidFunction real = next_instance_proc(instance, name);
  if (strcmp(name, "vkCreateInstance") == 0) return (PFN_vkVoidFunction)create_instance;
  if (!real) return NULL;
  if (!next_device_proc && instance)
    next_device_proc = (PFN_vkGetDeviceProcAddr)next_instance_proc(instance, "vkGetDeviceProcAddr");
  if (strcmp(name, "vkCreateDevice") == 0) return (PFN_vkVoidFunction)create_device;
  if (strcmp(name, "vkGetDeviceProcAddr") == 0) return (PFN_vkVoidFunction)get_device_proc;
  PFN_vkVoidFunction ours = replacement(name);
  return ours ? ours : real;
}

PFN_vkVoidFunction vk_icdGetPhysicalDeviceProcAddr(VkInstance instance, const char *name) {
  load_driver();
  if (strncmp(name, "vkGetPhysicalDeviceMemoryProperties", 35) == 0) return vk_icdGetInstanceProcAddr(instance, name);
  return next_physical_proc ? next_physical_proc(instance, name) : NULL;
}

VkResult vk_icdNegotiateLoaderICDInterfaceVersion(uint32_t *version) {
  load_driver();
  return next_negotiate ? next_negotiate(version) : VK_SUCCESS;
}
